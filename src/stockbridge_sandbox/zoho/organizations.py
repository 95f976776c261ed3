"""The organisation itself (facts: Zoho 10.1; contract: live shapes). The list is free of every limit."""

from __future__ import annotations

from stockbridge_sandbox.zoho.errors import no_such
from stockbridge_sandbox.zoho.wire import Json, day_formatted, day_text, read_text, templates
from stockbridge_sandbox.zoho.world import Call, Reply, World


def list_organizations(call: Call) -> Reply:
    """GET /organizations: no organization_id, no page_context, no rate-limit headers."""
    world = call.world
    created = world.organization.created.astimezone(world.zone).date()
    row = {
        **templates()["organization_row"],
        **_shared(world),
        "country": world.organization.country,
        "country_code": world.organization.country_code,
        "AppList": ["books", "inventory"],
        "org_joined_app_list": ["books", "inventory"],
        "other_active_services": [{"name": "books", "name_formatted": "Zoho Books"}],
        "account_created_date": day_text(created),
        "account_created_date_formatted": day_formatted(created),
        "fiscal_year_start_month": 0,
        "isOrgActive": True,
        "is_org_active": True,
        "is_sku_enabled": True,
        "org_alias_name": world.organization.name,
        "org_settings": True,
        "plan_name": "PREMIUM TRIAL",
        "plan_type": 4042,
        "state": "",
        "state_code": "",
        "support_email": "support@example.com",
        "tax_group_enabled": True,
        "time_zone_formatted": world.organization.time_zone,
        "user_status": 1,
        "version_formatted": "Global",
    }
    return Reply(content={"organizations": [row]})


def get_organization(call: Call) -> Reply:
    """GET /organizations/{id}."""
    world = call.world
    if call.ids[0] != world.organization.id:
        raise no_such("Organization")
    return Reply(content={"organization": _detail(world)})


def update_organization(call: Call) -> Reply:
    """PUT /organizations/{id}: the name and the contact; anything else is ignored."""
    world = call.world
    if call.ids[0] != world.organization.id:
        raise no_such("Organization")
    body = call.body()
    organization = world.organization
    organization.name = read_text("name", body.get("name", organization.name), 100)
    organization.contact_name = read_text("contact_name", body.get("contact_name", organization.contact_name))
    return Reply(content={"organization": _detail(world)})


def _detail(world: World) -> Json:
    created = day_text(world.organization.created.astimezone(world.zone).date())
    template = templates()["organization"]
    country = {"country": world.organization.country, "country_code": world.organization.country_code}
    return {
        **template,
        **_shared(world),
        "address": {**template["address"], **country},
        "account_created_date": created,
        "business_start_date": created,
        "inventory_start_date": created,
        "company_id_label": "Company ID",
        "label_for_company_id": "Company ID",
        "tax_id_label": "Tax ID",
        "customer_languages": [world.organization.language_code],
        "dimension_unit": "cm",
        "weight_unit": "kg",
        "org_joined_app_list": ["books", "inventory"],
        "is_org_active": True,
        "portal_name": "sandbox",
        "primary_domain_name": "example.com",
        "role_id": "260815000000000011",
    }


def _shared(world: World) -> Json:
    organization, currency = world.organization, world.base_currency
    return {
        "organization_id": organization.id,
        "name": organization.name,
        "contact_name": organization.contact_name,
        "email": organization.email,
        "time_zone": organization.time_zone,
        "language_code": organization.language_code,
        "is_default_org": True,
        "is_quick_setup_completed": True,
        "mode": "live",
        "price_precision": currency.price_precision,
        "currency_id": currency.id,
        "currency_code": currency.code,
        "currency_symbol": currency.symbol,
        "currency_format": currency.currency_format,
        "custom_field_type": 0,
        "custom_fields": [{"index": n, "label": "", "value": ""} for n in range(1, 6)],
        "version": "global",
    }
