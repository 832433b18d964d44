variable "e" {
 ephemeral=true
 default="x"
}
output "o" {
 ephemeral=true
 value=var.e
}