"""The addresses of the TAXII server, as its specification has them."""

from django.urls import include, path

from reports.views import taxii

app_name = "taxii"
_collection = [
    path("", taxii.collection_detail, name="collection"),
    path("manifest/", taxii.manifest, name="collection_manifest"),
    path("objects/", taxii.objects, name="objects"),
    path("objects/<str:object_id>/", taxii.one_object, name="object"),
    path("objects/<str:object_id>/versions/", taxii.object_versions, name="versions"),
]
urlpatterns = [
    path("", taxii.discovery, name="discovery"),
    path("findings/", taxii.api_root, name="api_root"),
    path("findings/collections/", taxii.collection_list, name="collections"),
    path("findings/collections/<uuid:collection>/", include(_collection)),
]
