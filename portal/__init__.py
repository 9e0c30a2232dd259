"""The Django project: settings, addresses, middleware, checks, commands. No rule of the domain."""
