"""What every API for programs needs: keys, errors as problem details, the guard of a view."""
