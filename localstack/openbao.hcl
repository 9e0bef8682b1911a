audit "file" "file" {
  options = {
    file_path = "@AUDIT_LOG@"
  }
}
