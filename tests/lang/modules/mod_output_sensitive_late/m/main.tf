output "o" {
 value=sensitive(toset(["a"]))
}