"""Published facts about the retrieval data sets that have a name here."""

import dataclasses

from ntaa_tf.data.retrieval import grammar


@dataclasses.dataclass(frozen=True)
class Count:
    """The published size of a split.

    Attributes:
        images: number of images, with junk and distractors; None if sources
            differ.
        identities: number of identities, without junk and distractors; None if
            sources differ.
    """

    images: int | None = None
    identities: int | None = None


@dataclasses.dataclass(frozen=True)
class RetrievalSet:
    """The published facts about a retrieval data set.

    Attributes:
        title: full name.
        address: web address of the publication.
        homes: usual names of its folder.
        folders: folder of each split, relative to that of the data set.
        grammar: pattern of image names.
        counts: published size of each split.
    """

    title: str
    address: str
    homes: tuple[str, ...]
    folders: dict[str, str]
    grammar: grammar.Grammar
    counts: dict[str, Count]


MARKET_FOLDERS = {
    "train": "bounding_box_train",
    "query": "query",
    "gallery": "bounding_box_test",
}

# A user's own images in the folders of Market-1501.
LIKE_MARKET = RetrievalSet(
    title="the layout of Market-1501",
    address="https://zheng-lab.cecs.anu.edu.au/Project/project_reid.html",
    homes=(),
    folders=MARKET_FOLDERS,
    grammar=grammar.LIKE_MARKET,
    counts={},
)

SETS: dict[str, RetrievalSet] = {
    "market1501": RetrievalSet(
        title="Market-1501",
        address="https://zheng-lab.cecs.anu.edu.au/Project/project_reid.html",
        homes=("Market-1501-v15.09.15", "Market-1501", "market1501", "Market"),
        folders=MARKET_FOLDERS,
        grammar=grammar.MARKET,
        counts={
            "train": Count(12_936, 751),
            "query": Count(3_368, 750),
            "gallery": Count(19_732),
        },
    ),
    "cuhk03_detected": RetrievalSet(
        title="CUHK03-NP, detected boxes",
        address="https://github.com/zhunzhong07/person-re-ranking",
        homes=("cuhk03-np", "CUHK03-NP"),
        folders={
            "train": "detected/bounding_box_train",
            "query": "detected/query",
            "gallery": "detected/bounding_box_test",
        },
        grammar=grammar.CUHK03,
        counts={
            "train": Count(7_365, 767),
            "query": Count(1_400, 700),
            "gallery": Count(5_332, 700),
        },
    ),
    "cuhk03_labeled": RetrievalSet(
        title="CUHK03-NP, labelled boxes",
        address="https://github.com/zhunzhong07/person-re-ranking",
        homes=("cuhk03-np", "CUHK03-NP"),
        folders={
            "train": "labeled/bounding_box_train",
            "query": "labeled/query",
            "gallery": "labeled/bounding_box_test",
        },
        grammar=grammar.CUHK03,
        counts={
            "train": Count(7_368, 767),
            "query": Count(1_400, 700),
            "gallery": Count(5_328, 700),
        },
    ),
    "veri776": RetrievalSet(
        title="VeRi-776",
        address="https://github.com/JDAI-CV/VeRidataset",
        homes=("VeRi", "VeRi_with_plate", "veri776"),
        folders={
            "train": "image_train",
            "query": "image_query",
            "gallery": "image_test",
        },
        grammar=grammar.VERI,
        # Published as 576 and 200 identities, counted by others as 775 in all.
        counts={
            "train": Count(37_778),
            "query": Count(1_678),
            "gallery": Count(11_579),
        },
    ),
    # Published in several sizes, each adapted to another real data set.
    "vehiclex": RetrievalSet(
        title="VehicleX",
        address="https://github.com/yorkeyao/VehicleX",
        homes=("VeRi_ReID_Simulation", "VeRi/VeRi_ReID_Simulation"),
        folders={"train": "."},
        grammar=grammar.VEHICLEX,
        counts={"train": Count(identities=1_362)},
    ),
    "personx": RetrievalSet(
        title="PersonX",
        address="https://github.com/sxzrt/Instructions-of-the-PersonX-dataset",
        homes=("PersonX", "personx", "personx/subset1", "subset1"),
        folders=MARKET_FOLDERS,
        grammar=grammar.PERSONX,
        counts={
            "train": Count(9_840, 410),
            "query": Count(5_136, 856),
            "gallery": Count(30_816, 856),
        },
    ),
    "personx_visda20": RetrievalSet(
        title="PersonX as the source of VisDA-2020",
        address="https://github.com/Simon4Yan/VisDA2020",
        homes=("personX", "challenge_datasets/personX"),
        folders={"train": "image_train"},
        grammar=grammar.PERSONX,
        counts={"train": Count(20_280, 700)},
    ),
}
