resource "terraform_data" "a" {
input=1
depends_on=[terraform_data.b]
}
resource "terraform_data" "b" {
}