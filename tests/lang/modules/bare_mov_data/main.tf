resource "terraform_data" "a" {

}
moved {
 from = data
 to = terraform_data.a
}