"""Who is in charge of customers; the customers of one person, or of an industry."""

from __future__ import annotations

from kam_desktop.domain.text import person_sort_key
from kam_desktop.store.reader import Reader


def owners(reader: Reader) -> list[tuple[str, str]]:
    """(id, full name) of everybody in charge of a customer, by given name."""
    # one step into the index for each person; asking for the different owners would read all customers
    rows = reader.sql("select id, full_name from person p where exists (select 1 from account a where a.owner = p.id)")
    return sorted(((str(key), str(name)) for key, name in rows), key=lambda each: person_sort_key(each[1]))


def colleagues(reader: Reader, besides: str = "") -> list[tuple[str, str]]:
    """(id, full name) of everybody in the firm but one, by given name."""
    statement = 'select id, full_name from person where id <> :besides and not ifnull("left", 0)'
    rows = reader.sql(statement, {"besides": besides})
    return sorted(((str(key), str(name)) for key, name in rows), key=lambda each: person_sort_key(each[1]))


def industries(reader: Reader, limit: int = 40) -> list[str]:
    """The industries of customers, those with most customers first."""
    rows = reader.sql(
        "select industry from account where industry <> '' group by industry order by count(*) desc, industry limit :n",
        {"n": limit},
    )
    return [str(row[0]) for row in rows]


def accounts(reader: Reader, owner: str = "", industry: str = "") -> frozenset[str]:
    """Ids of the customers somebody is in charge of, in an industry; "" is any."""
    given = [f"{name} = :{name}" for name, value in (("owner", owner), ("industry", industry)) if value]
    where = " where " + " and ".join(given) if given else ""  # so that the index of owners answers
    rows = reader.sql(f"select id from account{where}", {"owner": owner, "industry": industry})  # noqa: S608 - names of ours
    return frozenset(str(row[0]) for row in rows)
