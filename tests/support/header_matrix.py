"""What each page says in its headers, by kind; a page that somebody adds must be placed here."""

_EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload",
}
_OURS = _EVERYWHERE | {
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Access-Control-Allow-Origin": None,
}
KINDS: dict[str, dict[str, str | None]] = {
    "ours": _OURS,  # pages, and what only our pages ask for
    "desk": _OURS,
    "embedded": _EVERYWHERE  # frames and their script: other sites show them, none reads them
    | {"Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": None},
    "shared": _EVERYWHERE  # published words: every site and program reads them
    | {"Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": "*"},
}
# The pages of each kind. Frames are embedded, and their script; the last four that are shared are for
# programs, by our own rules of sharing; ours are pages of residents, and what only our own pages or
# our own people ask for.
_NAMES = {
    "frames": (
        "frame commune_frame office_frame alert_frame live_frame live_alert_frame live_commune_frame "
        "live_office_frame"
    ),
    "shared": (
        "rss atom json_feed cap_index cap_message content signature public_key picture oembed sound "
        "no_range number_range number_bundle number_bundle_key openapi findings_numbers_vcf "
        "open311_openapi discovery_json discovery_xml services_json services_xml service_json service_xml"
    ),
    "ours": (
        "home now assessment scam_call genuine personal_data accessibility check dispute "
        "dispute_answer for_programs offices office statistics statistics_file search report "
        "report_submit report_received track new_code attachments followup reply notice notice_stop "
        "notice_end calendar report_status confirm_withdrawal confirm_erasure report_close "
        "new_code_received declaration declaration_page declaration_pdf file_recall withdraw "
        "data_export erasure_request offline list detail print history plain poster pack for_agencies "
        "partner_confirmation office_answer subscribe subscription_join subscription_leave subscription_change csp "
        "livez readyz metrics sitemap english_home robots favicon manifest service_worker "
        "security_txt invitation block_answer block_letter report_create report_state report_followups report_files "
        "no_address open311_no_address requests_json requests_xml request_json request_xml zalo_webhook "
        "findings_list_csv misp_manifest misp_hashes misp_event discovery api_root collections "
        "collection collection_manifest objects object versions"
    ),
}
FRAMES, SHARED, OURS = (frozenset(names.split()) for names in _NAMES.values())
EMBEDDED = FRAMES | {"script"}


def kind_of(name: str) -> str:
    """Raises KeyError for a page that nobody has placed."""
    for kind, names in (("ours", OURS), ("embedded", EMBEDDED), ("shared", SHARED)):
        if name in names:
            return kind
    raise KeyError(f"{name}: place it in tests/support/header_matrix.py")
