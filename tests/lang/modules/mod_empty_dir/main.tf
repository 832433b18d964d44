module "m" {
 source="./m"
}