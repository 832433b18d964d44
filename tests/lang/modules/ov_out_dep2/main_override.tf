output "o" {
  depends_on = [terraform_data.a]
}
