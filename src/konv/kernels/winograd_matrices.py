"""The matrices of Winograd's minimal filtering F(2 x 2, 3 x 3), from the points 0, 1 and -1: a grid becomes M grid M'.

The output is  O [(K kernel K') * (I input I')] O',  the gradient of the kernel  K' [(E error E') * (I input I')] K.
"""

WINOGRAD_INPUT = ((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1))
WINOGRAD_ERROR = ((1, 0), (1, 1), (1, -1), (0, -1))
WINOGRAD_OUTPUT = tuple(zip(*WINOGRAD_ERROR, strict=True))
WINOGRAD_KERNEL = ((1, 0, 0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0, 0, 1))
WINOGRAD_GRADIENT = tuple(zip(*WINOGRAD_KERNEL, strict=True))
