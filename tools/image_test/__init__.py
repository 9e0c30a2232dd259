"""The image and the compose file, built and run as an operator would: python -m tools.image_test."""
