"""Log-in by the provider of an agency (OpenID Connect)."""
