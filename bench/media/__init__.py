"""Files of picture and sound, in and out, on one clock. Plain names are its doors, underscores its rooms."""
