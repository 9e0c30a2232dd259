"""How officers' passwords are hashed."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class DeskArgon2(Argon2PasswordHasher):
    """Argon2id at OWASP's smaller setting: 19 MiB, 2 passes (Django's own takes 100 MiB)."""

    memory_cost = 19 * 1024
    time_cost = 2
    parallelism = 1
