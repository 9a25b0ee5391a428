"""Photos made anew: decoded within bounds, and encoded as JPEG, so that no octet of the sender's reaches a browser."""

import io
import warnings

from PIL import Image, ImageOps

_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")
_MOST_PIXELS = 50_000_000
_LONGEST_SIDE = 20_000
_MOST_DECODED = 200_000_000
_WIDEST_PIXEL = 4
"""Octets that Pillow holds of a pixel, whatever its bands."""
_LARGEST = 25_000_000
_QUALITY = 80
SMALL, LARGE = 320, 1600


class NoPhotoError(ValueError):
    """It is no image, or a larger one than can be borne."""


def made_anew(octets: bytes, side: int) -> bytes:
    """Return an image as a JPEG that fits a square of `side` pixels, without its metadata.

    Raises:
        NoPhotoError: it cannot be decoded, or its size is not what photos have.
    """
    if len(octets) > _LARGEST:
        raise NoPhotoError("too large")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(octets), formats=_FORMATS) as image:
                _must_be_bearable(image)
                # A JPEG is decoded smaller at once.
                image.draft("RGB", (side, side))
                _must_fit(image)
                image.thumbnail((side, side))
                return _jpeg(_upright(image))
        except NoPhotoError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a decoder raises of hostile octets, it is no photo
            raise NoPhotoError(type(error).__name__) from None


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001 - metadata that cannot be read leaves the photo as it lies
        return image


def _must_be_bearable(image: Image.Image) -> None:
    # Thin ones too: what Pillow does line by line takes time and memory by the line.
    if max(image.size) > _LONGEST_SIDE or image.width * image.height > _MOST_PIXELS:
        raise NoPhotoError("too many pixels")


def _must_fit(image: Image.Image) -> None:
    # Channels of 16 bits stand in what the decoder is given, not in the image's mode.
    deep = 2 if ";16" in f"{image.mode} {getattr(image, 'tile', ())}" else 1
    if image.width * image.height * _WIDEST_PIXEL * deep > _MOST_DECODED:
        raise NoPhotoError("too many octets")


def _jpeg(image: Image.Image) -> bytes:
    flat = Image.new("RGB", image.size, "white")
    flat.paste(image.convert("RGBA"), mask=image.convert("RGBA").getchannel("A"))
    made = io.BytesIO()
    flat.save(made, "JPEG", quality=_QUALITY)
    return made.getvalue()
