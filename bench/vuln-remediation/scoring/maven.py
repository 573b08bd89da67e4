"""Reads pom.xml: versions of dependencies, managed ones, and the properties that hold them."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

from .view import Place, Subject, Unreadable, View

_PROPERTY = re.compile(r"\$\{([^}]+)\}")


def read(text: str, subject: Subject) -> View:
    """The places of a pom.xml that decide the version of `group:artifact`."""
    project = _project(text)
    pom = _Pom(project, subject)
    return View(pom.places, rest=_plain(project))


class _Pom:
    """Takes the versions of the package out of a project, so that what stays is the rest."""

    def __init__(self, project: ElementTree.Element, subject: Subject) -> None:
        self.group, _, self.artifact = subject.package.partition(":")
        self.places: dict[str, Place] = {}
        self.properties = project.find("properties")
        self.held: set[str] = {subject.managed_by} if subject.managed_by else set()
        for number, dependency in enumerate(project.findall("dependencies/dependency")):
            self._take(dependency, f"dependency {number}")
        self._take_managed(project)
        for name in sorted(self.held):
            self._take_property(name)
        if self.properties is not None and not len(self.properties):
            project.remove(self.properties)

    def _is_package(self, dependency: ElementTree.Element) -> bool:
        return (_text(dependency, "groupId"), _text(dependency, "artifactId")) == (self.group, self.artifact)

    def _take(self, dependency: ElementTree.Element, name: str) -> bool:
        if not self._is_package(dependency):
            return False
        version = dependency.find("version")
        if version is not None:
            dependency.remove(version)
            self.places[name] = Place(self._resolved((version.text or "").strip()))
        return True

    def _take_managed(self, project: ElementTree.Element) -> None:
        """A managed version may also be added to help; so the whole entry is taken out."""
        management = project.find("dependencyManagement")
        dependencies = management.find("dependencies") if management is not None else None
        if management is None or dependencies is None:
            return
        for dependency in list(dependencies):
            if self._take(dependency, "managed"):
                dependencies.remove(dependency)
        if not len(dependencies):
            project.remove(management)

    def _resolved(self, version: str) -> str:
        found = _PROPERTY.fullmatch(version)
        if found is None:
            return version
        self.held.add(found[1])
        return _text(self.properties, found[1]) if self.properties is not None else ""

    def _take_property(self, name: str) -> None:
        element = self.properties.find(name) if self.properties is not None else None
        if self.properties is not None and element is not None:
            self.places[f"property {name}"] = Place((element.text or "").strip())
            self.properties.remove(element)


def _project(text: str) -> ElementTree.Element:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Unreadable("a pom.xml with a document type")
    try:
        project = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise Unreadable("not XML") from error
    for element in project.iter():
        element.tag = str(element.tag).rpartition("}")[2]
    if project.tag != "project":
        raise Unreadable("not a Maven project")
    return project


def _text(parent: ElementTree.Element | None, tag: str) -> str:
    found = parent.find(tag) if parent is not None else None
    return (found.text or "").strip() if found is not None else ""


def _plain(element: ElementTree.Element) -> list[Any]:
    children = [_plain(child) for child in element]
    return [element.tag, sorted(element.attrib.items()), (element.text or "").strip(), children]
