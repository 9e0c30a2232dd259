"""What the forms of residents ask for in their templates."""

from django import forms, template

register = template.Library()


@register.filter
def holds_words(form: forms.BaseForm) -> bool:
    """Whether somebody wrote into one of the form's lines; what is only ticked says nothing."""
    lines = [field for field in form.visible_fields() if field.widget_type in {"text", "textarea"}]
    return any(str(line.value() or "").strip() for line in lines)
