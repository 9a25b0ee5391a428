"""Recognising the text of scanned letters."""

from typing import Literal

from pydantic import BaseModel, Field


class RecognitionSettings(BaseModel):
    """Recognising the text of scanned letters, in processes of their own beside all judging."""

    mode: Literal["auto", "off"] = Field(
        default="auto",
        description="`auto`: scanned letters are recognised where Tesseract is on the machine; `off`: a person reads "
        "them all",
    )
    languages: str = Field(
        default="fra",
        pattern=r"^[A-Za-z_]{3,20}(\+[A-Za-z_]{3,20}){0,4}$",
        description="Languages that Tesseract reads, joined by `+`; each is a Debian package, tesseract-ocr-fra",
    )
    processes: int = Field(default=1, ge=1, le=16, description="Scans that are recognised at a time")
    files: int = Field(default=3, ge=1, le=20, description="Files of one letter that are recognised, from the first")
    octets: int = Field(default=25_000_000, ge=1, description="Octets up to which a file is recognised")
    pages: int = Field(default=8, ge=1, le=100, description="Pages of each file that are recognised, from the first")
    pixels: int = Field(
        default=40_000_000,
        ge=1_000_000,
        description="Pixels up to which a page is read; A4 at 600 dots an inch has 35 million",
    )
    cpu_seconds: int = Field(default=20, ge=1, le=600, description="Seconds of processor time that one page may take")
    seconds: float = Field(default=300.0, ge=5, le=3600, description="Seconds by the clock that one file may take")
    memory: int = Field(
        default=1024 * 1024 * 1024,
        ge=256 * 1024 * 1024,
        description="Octets of memory (address space) that each process of it may take",
    )
    wait_minutes: float = Field(
        default=30.0,
        ge=0,
        description="Minutes that a letter waits to be recognised; then it goes to the reception, unread",
    )
    confidence: float = Field(
        default=70.0,
        ge=0,
        le=100,
        description="Mean confidence of the words (0 to 100) below which a letter counts as unread",
    )
    words: int = Field(default=12, ge=1, description="Words below which a letter counts as unread")
