"""The report form, from the POST to the stored report and its receipt."""
