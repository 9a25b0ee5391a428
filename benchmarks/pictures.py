"""Takes the pictures of the French manuals: a daemon over the sample directory, some messages, Chromium.

Names and messages are the sample's; a picture has at most `LARGEST` octets, so that the manuals load on any line.

    python -m benchmarks.pictures [FOLDER]        # docs/fr/images
"""

import asyncio
import io
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.async_api import Page, ViewportSize, expect

from dtm_contact.access import Role
from dtm_contact.figures import CountingContext, TimeContext, count_days, periods_of
from dtm_contact.store import open_store
from tests.prove.figures_store import CALENDARS, PARIS
from tests.web.daemons import Served, chromium, come_in, served

ROOT: Final = Path(__file__).parents[1]
LARGEST: Final = 60_000
_COLOURS: Final = (128, 64, 32, 16)
_PATIENCE: Final = 180_000
"""Milliseconds: on a busy machine a page takes long."""
_WIDE: Final[ViewportSize] = {"width": 1040, "height": 640}
_TALL: Final[ViewportSize] = {"width": 1040, "height": 960}
_IN_FULL: Final = frozenset({"chiffres", "personnes"})
"""Pages of which the beginning alone says too little."""
MESSAGES: Final = (
    ("Huguette Joly <huguette.joly@courriel.example>", "Fuite dans la cuisine", "Grosse fuite dans ma cuisine."),
    ("Paul Roy <paul.roy@free.example>", "Badge", "Bonjour, j'ai perdu mon badge, comment en avoir un autre ?"),
    ("Awa Diop <awa.diop@free.example>", "Quittance", "Il me faut une quittance de loyer pour la CAF, merci."),
    ("Léa Blanc <lea.blanc@free.example>", "Ascenseur", "L'ascenseur du bâtiment B est en panne depuis ce matin."),
    ("Luc Petit <luc.petit@free.example>", "Cafards", "Des cafards dans la cuisine, c'est la troisième fois."),
)
PAGES: Final[Mapping[str, str]] = {
    "regles": "/regles",
    "reponses-types": "/reponses-types",
    "reponse-type": "/reponses-types/badge-obtenir",
    "chiffres": "/chiffres?p=jour",
    "chiffre": "/chiffres/detail?c=opened&p=jour",
    "personnes": "/personnes?q=huguette.joly@courriel.example",
}


async def take(page: Page, path: Path, *, selector: str = "") -> None:
    """Take a picture of what a page shows, or of one part of it, in as many colours as fit into `LARGEST` octets."""
    shot = await (page.locator(selector).first.screenshot() if selector else page.screenshot())
    with Image.open(io.BytesIO(shot)) as image:
        drawn = [_packed(image, colours) for colours in _COLOURS]
    fitting = next((each for each in drawn if len(each) <= LARGEST), drawn[-1])
    await asyncio.to_thread(path.write_bytes, fitting)
    print(f"{path.name}: {len(fitting):,} octets")


def _packed(image: Image.Image, colours: int) -> bytes:
    packed = io.BytesIO()
    image.convert("RGB").quantize(colours, dither=Image.Dither.NONE).save(packed, "PNG", optimize=True)
    return packed.getvalue()


async def free_words(page: Page, folder: Path) -> None:
    """Take the picture of a note with a word that has no place in it."""
    await page.locator("[data-key=n]").click()
    await page.locator("[action$='/noter'] textarea").fill("Dame pénible au téléphone, rappelle sans arrêt.")
    await expect(page.locator("[action$='/noter'] [data-hints] p")).to_be_visible()
    await take(page, folder / "mots-libres.png", selector=".write > .act:has([action$='/noter'])")


async def take_all(daemon: Served, folder: Path) -> None:
    """Take every picture."""
    for sender, subject, text in MESSAGES:
        await asyncio.to_thread(daemon.send, sender, subject, text)
    async with chromium() as browser:
        how = {"viewport": _WIDE, "color_scheme": "light"}
        expect.set_options(timeout=_PATIENCE)
        agent = await come_in(browser, daemon.link("claire", Role.AGENCY, "agence"), **how)
        await agent.goto(f"{daemon.desk}/file?file=toutes")
        await expect(agent.locator(".line")).to_have_count(len(MESSAGES))
        number = await agent.locator(".line", has_text="Badge").get_attribute("data-case")
        await agent.goto(f"{daemon.desk}/dossier/{number}")
        await take(agent, folder / "que-faire.png")
        await agent.keyboard.press("i")
        await agent.keyboard.type("badge")
        await expect(agent.locator("#types button").first).to_be_visible()
        await take(agent, folder / "inserer.png")
        await agent.goto(f"{daemon.desk}/dossier/{number}")
        await free_words(agent, folder)
        with open_store(daemon.url) as store:
            now = datetime.now(UTC)
            grounds = CountingContext(TimeContext(PARIS, now, CALENDARS), {})
            first = now.date() - timedelta(days=1)
            store.figures.put(periods_of(store, count_days(store, first, now.date(), grounds), now))
        admin = await come_in(browser, daemon.link("admin", Role.ADMIN, "agence"), **how)
        for name, path in PAGES.items():
            await admin.set_viewport_size(_TALL if name in _IN_FULL else _WIDE)
            await admin.goto(daemon.desk + path)
            await take(admin, folder / f"{name}.png")


def main() -> None:
    """Take the pictures into the folder that the first argument names."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "fr" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="dtm-pictures-") as work:
        settings = {"DTM_OUTBOUND_HOST": "127.0.0.1", "DTM_OUTBOUND_PORT": "9", "DTM_OUTBOUND_ANSWERS": "false"}
        settings |= {"DTM_PRIVACY_CONTROLLER": "Le bailleur", "DTM_PRIVACY_OFFICER": "dpo@bailleur.example"}
        with served(Path(work), **settings) as daemon:
            asyncio.run(take_all(daemon, folder))


if __name__ == "__main__":
    main()
