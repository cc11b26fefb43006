import pytest

from tests.infrastructure.terraform import Terraform, copy_of_root


@pytest.fixture(scope="session")
def terraform(tmp_path_factory) -> Terraform:
    """Terraform in a copy of the root, initialised."""
    return copy_of_root(tmp_path_factory.mktemp("root"))
