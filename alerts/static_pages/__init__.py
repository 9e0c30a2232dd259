"""Warning pages rendered at issue and served as files."""
