"""The addresses of the TAXII server, as its specification has them."""

from django.urls import path

from reports.views import taxii

app_name = "taxii"
_ONE = "findings/collections/<uuid:collection>/"
_OBJECT = f"{_ONE}objects/<str:object_id>/"
urlpatterns = [
    path("", taxii.discovery, name="discovery"),
    path("findings/", taxii.api_root, name="api_root"),
    path("findings/collections/", taxii.collection_list, name="collections"),
    path(_ONE, taxii.collection_detail, name="collection"),
    path(f"{_ONE}manifest/", taxii.manifest, name="collection_manifest"),
    path(f"{_ONE}objects/", taxii.objects, name="objects"),
    path(_OBJECT, taxii.one_object, name="object"),
    path(f"{_OBJECT}versions/", taxii.object_versions, name="versions"),
]
