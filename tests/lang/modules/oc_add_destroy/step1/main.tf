output "p" {
  value = 2
}
