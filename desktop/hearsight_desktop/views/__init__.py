"""What is seen: widgets that lay out, tell what the user did, and show what they are given."""
