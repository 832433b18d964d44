module "m" {
 source="."
}