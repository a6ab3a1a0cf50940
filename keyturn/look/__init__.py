"""How does everything that Keyturn shows look? Templates, styles and the utility's brand; shared by the portal and the console."""
