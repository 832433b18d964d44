resource "terraform_data" "a" {
  input = 1
}
output "o" {
 value=1
 precondition {
 condition=terraform_data.a.id=="x"
 error_message="late"
 }
}