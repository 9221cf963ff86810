"""How the window behaves: views on one side, the session and the workers on the other."""
