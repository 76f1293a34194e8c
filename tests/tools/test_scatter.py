"""As many layers are removed as were, at other sites for another seed."""

from scatter import scatter

from ntaa_tf.architecture import Architecture
from ntaa_tf.architecture import SiteChoice

CHOSEN = ["max_pool", "source", "noise", "conv5x5", "identity", "conv1x1"]
ARCHITECTURE = Architecture(
    {f"site{i}": SiteChoice(name) for i, name in enumerate(CHOSEN)}
)


def list_removed(architecture):
    names = [choice.candidate for choice in architecture.sites.values()]
    assert set(names) == {"source", "identity"}
    return {i for i, name in enumerate(names) if name == "identity"}


def test_as_many_sites_become_identities_and_all_others_the_source():
    scattered = scatter(ARCHITECTURE, seed=0)
    assert list(scattered.sites) == list(ARCHITECTURE.sites)
    assert len(list_removed(scattered)) == 3


def test_every_site_is_drawn_by_some_seed():
    drawn = [list_removed(scatter(ARCHITECTURE, seed)) for seed in range(20)]
    assert set.union(*drawn) == set(range(len(CHOSEN)))
    assert drawn[3] == list_removed(scatter(ARCHITECTURE, 3))
