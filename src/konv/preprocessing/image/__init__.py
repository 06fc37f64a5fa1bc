"""Images between files, arrays and Pillow, as in keras.preprocessing.image."""

from konv.data.decode import array_to_img as array_to_img
from konv.data.decode import img_to_array as img_to_array
from konv.data.decode import load_img as load_img
from konv.data.decode import save_img as save_img
from konv.data.resize import smart_resize as smart_resize
from konv.hints import module_attributes

__all__ = ["array_to_img", "img_to_array", "load_img", "save_img", "smart_resize"]

__getattr__, __dir__ = module_attributes(__name__, __all__)
