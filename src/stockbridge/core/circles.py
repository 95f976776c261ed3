"""Circles in a graph of references: a composite that would contain itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping


def circle_through(edge: tuple[str, str], edges: Mapping[str, Collection[str]]) -> list[str]:
    """The shortest circle that goes through this edge, as the path from its start back to it; [] where there is none.

    `edges` lists, for each node, the nodes it leads to.
    """
    start, first = edge
    came: dict[str, str] = {first: start}
    ahead = deque([first])
    while ahead:
        node = ahead.popleft()
        if node == start:
            path = [start]
            while not (len(path) > 1 and path[-1] == start):
                path.append(came[path[-1]])
            return path[::-1]
        for onward in edges.get(node, ()):
            if onward not in came:
                came[onward] = node
                ahead.append(onward)
    return []


def graph_of(edges: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Edges as a node's list of the nodes it leads to."""
    out: dict[str, list[str]] = {}
    for start, end in edges:
        out.setdefault(start, []).append(end)
    return out
