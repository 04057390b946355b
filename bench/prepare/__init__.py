"""From raw videos to suite data: cut, cropped, resized, with sound, and a report of what was rejected and why."""
