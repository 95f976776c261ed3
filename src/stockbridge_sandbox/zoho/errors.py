"""The errors of the Zoho API, as HTTP status, code and message (facts: Zoho 4 and 6)."""

from __future__ import annotations


class ApiError(Exception):
    """An answer other than success: raised anywhere while a request is served, turned into its body at the edge."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(f"{status}/{code} {message}")
        self.status = status
        self.code = code
        self.message = message


def not_authenticated() -> ApiError:
    """No or a garbled Authorization header."""
    text = "The request could not be authenticated as the authentication value you entered is invalid. Enter a valid authentication value and try again."
    return ApiError(401, 14, text)


def not_authorized() -> ApiError:
    """A dead token, a missing scope, a missing role."""
    return ApiError(401, 57, "You are not authorized to perform this operation")


def user_disabled() -> ApiError:
    """The user behind the token was deactivated."""
    text = (
        "You do not have access as your account is disabled. Please contact your administrator for details."
    )
    return ApiError(401, 6018, text)


def wrong_organization(id_: str) -> ApiError:
    """An organization_id that the user does not belong to."""
    return ApiError(400, 6041, f"This user is not associated with the CompanyID/CompanyName:{id_}.")


def invalid_url() -> ApiError:
    """A path that the API does not have."""
    return ApiError(404, 5, "Invalid URL Passed")


def not_simulated(path: str) -> ApiError:
    """A path that the real API has and this sandbox does not."""
    return ApiError(501, 9999, f"The sandbox does not simulate {path}. See FIDELITY.md.")


def invalid_value(name: str) -> ApiError:
    """A known parameter or field with a value it cannot have."""
    return ApiError(400, 2, f"Invalid value passed for {name}")


def invalid_body() -> ApiError:
    """A body that is not JSON."""
    return ApiError(400, 4, "Invalid value passed for JSONString")


def no_such(entity: str) -> ApiError:
    """An id that is not there, or not there any more."""
    return ApiError(404, 1002, f"{entity} does not exist.")


def already_exists(what: str) -> ApiError:
    """A name or number that has to be unique and is taken."""
    return ApiError(400, 1001, f"{what} already exists")


def name_taken(kind: str, name: str) -> ApiError:
    """A contact's name that another contact has (code and wording seen at Zoho Books)."""
    return ApiError(400, 3062, f'The {kind} "{name}" already exists. Please specify a different name.')


def number_not_automatic() -> ApiError:
    """A number of one's own while numbers are given automatically."""
    return ApiError(400, 4097, "Number entered does not match the auto-generated number")


def in_use(message: str) -> ApiError:
    """A record that transactions still need (code and wording are a guess)."""
    return ApiError(400, 1040, message)


def known_error(status: int, code: int | None, daily: int) -> ApiError:
    """The body of an injected fault: the live text for 44, 45, 1070 and 1000, else the plain code."""
    texts = {
        44: "For security reasons your organization has been blocked as it have exceeded the maximum number of requests per minute that can originate from an organization.",
        45: f"The API call for this organization has exceeded the maximum call rate limit of {daily}.",
        1070: "You have reached the maximum number of in process requests allowed. Kindly try again after some time.",
        1000: "Internal error",
        900001: "We are unable to process your request. Please try again.",
    }
    usual = {429: 44, 401: 57, 404: 1002, 400: 900001}
    number = code if code is not None else usual.get(status, 1000)
    fixed = {
        57: not_authorized().message,
        14: not_authenticated().message,
        1002: "The resource does not exist.",
    }
    return ApiError(status, number, texts.get(number) or fixed.get(number) or "Internal error")
