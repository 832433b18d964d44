resource "terraform_data" "a" {
 for_each={a=1}
 input=each.value
}
output "o" {
  value = terraform_data.a[*].output
}
