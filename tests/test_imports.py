"""No module imports itself by a detour, imports for type checkers included."""

import ast
from pathlib import Path

import spotkick

ROOT = Path(spotkick.__file__).parent


def module_imports() -> dict[str, set[str]]:
    """Module -> modules of the package that its code imports, wherever the import stands."""
    paths = {
        ".".join(("spotkick", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(
            ".__init__"
        ): path
        for path in ROOT.rglob("*.py")
    }
    found: dict[str, set[str]] = {}
    for name, path in paths.items():
        nodes = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.ImportFrom)]
        targets = {
            full if (full := f"{node.module}.{alias.name}") in paths else str(node.module)
            for node in nodes
            for alias in node.names
        }
        found[name] = {target for target in targets if target in paths} - {name}
    return found


def find_cycle(imports: dict[str, set[str]]) -> list[str]:
    """Modules that are left when those without imports among the rest are taken away one by one."""
    left = {name: set(targets) for name, targets in imports.items()}
    while free := [name for name, targets in left.items() if not targets & left.keys()]:
        for name in free:
            del left[name]
    return sorted(left)


def test_find_cycle_planted_circle_is_found() -> None:
    assert find_cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == ["a", "b", "c"]


def test_modules_of_the_package_import_in_one_direction() -> None:
    assert find_cycle(module_imports()) == []
