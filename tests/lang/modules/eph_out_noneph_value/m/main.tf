output "o" {
 ephemeral=true
 value=1
}