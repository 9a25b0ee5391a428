"""Photos made anew: decoded within bounds, and encoded as JPEG, so that no octet of the sender's reaches a browser."""

import io
import threading
import warnings

from PIL import Image, ImageOps

_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")
_MOST_PIXELS = 50_000_000
_LARGEST = 25_000_000
_QUALITY = 80
SMALL, LARGE = 320, 1600
# Decoding takes memory by the pixel, and warnings are silenced for the whole process: one at a time.
_turn = threading.Lock()


class NoPhotoError(ValueError):
    """It is no image, or a larger one than can be borne."""


def made_anew(octets: bytes, side: int) -> bytes:
    """Return an image as a JPEG that fits a square of `side` pixels, without its metadata.

    Raises:
        NoPhotoError: it cannot be decoded, or its size is not what photos have.
    """
    if len(octets) > _LARGEST:
        raise NoPhotoError("too large")
    with _turn, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(octets), formats=_FORMATS) as image:
                _must_be_bearable(image)
                image.draft("RGB", (side, side))
                upright = _upright(image)
                upright.thumbnail((side, side))
                return _jpeg(upright)
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
    if image.width * image.height > _MOST_PIXELS:
        raise NoPhotoError("too many pixels")


def _jpeg(image: Image.Image) -> bytes:
    flat = Image.new("RGB", image.size, "white")
    flat.paste(image.convert("RGBA"), mask=image.convert("RGBA").getchannel("A"))
    made = io.BytesIO()
    flat.save(made, "JPEG", quality=_QUALITY)
    return made.getvalue()
