"""Holds the parts of the server that its routes share."""

from __future__ import annotations

from dataclasses import dataclass

from aitunes.osc.address import is_loopback
from instrument.storage.library import Library
from instrument.web.catalogue import Catalogue
from instrument.web.door import Door, Serve
from instrument.web.engine_client import EngineClient
from instrument.web.feed import Feed
from instrument.web.listen import ListenSockets
from instrument.web.osc_socket import OscSockets
from instrument.web.oscquery import OscQuery
from instrument.web.pages import Pages
from instrument.web.phones import Phones
from instrument.web.release_uploads import ReleaseUploads
from instrument.web.render_jobs import RenderJobs
from instrument.web.served_engine import Keeper, OthersEngine, ServedEngine
from instrument.web.trainings import Trainings
from instrument.web.visitors import Visitors


@dataclass(frozen=True)
class ServerOptions:
    """Says which engine to serve, and where.

    Args:
        engine: host and port where the engine listens for OSC.
        http: host and port to serve at; port 0 takes any that is free.
        discovery: announce both by mDNS.
        serve_only: start an engine without a sound device where a page comes.
        engine_words: for that engine, such as "--releases".
        origins: of pages elsewhere that may ask, such as "http://localhost:3000".
    """

    engine: tuple[str, int]
    http: tuple[str, int]
    discovery: bool = True
    origins: tuple[str, ...] = ()
    serve_only: bool = False
    engine_words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Services:
    """Groups what routes need.

    Args:
        engine: that is played.
        feed: follows it.
        catalogue: describes the releases.
        visitors: know who is there.
        pages: files of the page.
        oscquery: answers about the namespace.
        osc: pages that play.
        door: open to phones.
        renders: jobs and results.
        listen: pages that hear the engine.
        trainings: makes instruments of sounds that a page brings.
        uploads: installs releases that a page brings.
        keeper: starts an engine where there is none.
        serve_only: there is an engine for the page alone, without a sound device.
    """

    engine: EngineClient
    feed: Feed
    catalogue: Catalogue
    visitors: Visitors
    pages: Pages
    oscquery: OscQuery
    osc: OscSockets
    door: Door
    renders: RenderJobs
    listen: ListenSockets
    trainings: Trainings
    uploads: ReleaseUploads
    keeper: Keeper
    serve_only: bool = False


def assemble(options: ServerOptions, library: Library, http: tuple[str, int], serve: Serve) -> Services:
    """Build the parts from one another.

    Args:
        options: which engine, and who may ask.
        library: where releases are found.
        http: host and port where the server listens.
        serve: serves the connections of one more socket.
    """
    engine, phones = EngineClient(*options.engine), Phones()
    feed, visitors = Feed(engine), Visitors(phones, options.origins)
    keeper = ServedEngine(engine.port, feed, options.engine_words) if options.serve_only else OthersEngine()
    return Services(
        engine=engine,
        feed=feed,
        catalogue=Catalogue(library),
        visitors=visitors,
        pages=Pages(),
        oscquery=OscQuery(engine),
        osc=OscSockets(engine, feed, visitors, keeper),
        listen=ListenSockets(feed, keeper),
        trainings=Trainings((engine.host, engine.port)),
        uploads=ReleaseUploads(),
        keeper=keeper,
        serve_only=options.serve_only,
        renders=RenderJobs(library.folders),
        door=Door(phones, http[1], not is_loopback(http[0]), serve),
    )
