"""The obvious NumPy form of the kernels in norm.py and sample_norm.py; re-exported by reference.py."""

import numpy as np

from konv.kernels.reference_resample import view

# --- over the batch: coefficients (4, C): mean, 1 / deviation, scale, shift; back (3, C) ------------------------------


def per_channel(rows, number):
    """That row of rows (R, C), or of each sample's (N, R, C), for images (N, H, W, C)."""
    return rows[..., number, :].reshape(-1, 1, 1, rows.shape[-1])


def moments(y, region, moments):
    # moments (N, 2, C): mean and sum of squared deviations of each sample
    image = view(y, region)
    moments[:, 0] = image.mean((1, 2))
    moments[:, 1] = ((image - moments[:, 0][:, None, None]) ** 2).sum((1, 2))


def norm_update(moments, pixels, gamma, beta, moving_mean, moving_variance, coefficients, momentum, epsilon):
    # coefficients (4, C): mean, 1 / deviation, scale, shift of the batch; the moving statistics follow
    means, squares = moments[:, 0].astype(np.float64), moments[:, 1].astype(np.float64)
    mean = means.mean(0)
    variance = (squares.sum(0) + pixels * ((means - mean) ** 2).sum(0)) / (pixels * len(moments))
    _coefficients(mean, variance, gamma, beta, coefficients, epsilon)
    moving_mean[...] = moving_mean * momentum + mean * (1 - momentum)
    moving_variance[...] = moving_variance * momentum + variance * (1 - momentum)


def norm_frozen(gamma, beta, moving_mean, moving_variance, coefficients, epsilon):
    _coefficients(moving_mean.astype(np.float64), moving_variance.astype(np.float64), gamma, beta, coefficients, epsilon)


def _coefficients(mean, variance, gamma, beta, coefficients, epsilon):
    inverse = 1 / np.sqrt(variance + epsilon)
    coefficients[0], coefficients[1] = mean, inverse
    coefficients[2] = gamma * inverse
    coefficients[3] = beta - mean * gamma * inverse


def norm(y, coefficients, z, y_region, z_region, floor):
    result = view(y, y_region) * per_channel(coefficients, 2) + per_channel(coefficients, 3)
    view(z, z_region)[...] = np.maximum(result, floor)


def norm_add(y, coefficients, other, z, y_region, other_region, z_region, floor):
    result = view(y, y_region) * coefficients[2] + coefficients[3] + view(other, other_region)
    view(z, z_region)[...] = np.maximum(result, floor)


def norm_sums(d, y, coefficients, sums, d_region, y_region):
    # sums (N, 2, C): of d, and of d * (y - mean)
    error = view(d, d_region)
    sums[:, 0] = error.sum((1, 2))
    sums[:, 1] = (error * (view(y, y_region) - per_channel(coefficients, 0))).sum((1, 2))


def norm_gradient(sums, pixels, coefficients, gamma, dgamma, first_gamma, dbeta, first_beta, back):
    # back (3, C): dy = back0 * dz - back1 - (y - mean) * back2
    total = sums.astype(np.float64).sum(0)
    inverse, count = coefficients[1].astype(np.float64), pixels * len(sums)
    dgamma[...] = total[1] * inverse + (0 if first_gamma else dgamma)
    dbeta[...] = total[0] + (0 if first_beta else dbeta)
    back[0] = gamma * inverse
    back[1] = gamma * inverse * total[0] / count
    back[2] = gamma * inverse**3 * total[1] / count


def norm_gradient_frozen(coefficients, back):
    back[0], back[1], back[2] = coefficients[2], 0, 0


def undone(dz, image, coefficients, back, gated, factor):
    slope, offset, centre = per_channel(back, 0), per_channel(back, 1), per_channel(coefficients, 0)
    error = slope * dz - offset - (image - centre) * per_channel(back, 2)
    return np.where(image > 0, error * factor, 0) if gated else error


def norm_backward(d, y, coefficients, back, dy, d_region, y_region, dy_region, gated, factor):
    view(dy, dy_region)[...] = undone(view(d, d_region), view(y, y_region), coefficients, back, gated, factor)


# --- within each sample -----------------------------------------------------------------------------


def group_coefficients(moments, pixels, gamma, beta, coefficients, groups, epsilon):
    # moments (N, 2, C)  coefficients (N, 4, C)
    means, squares = (moments[:, row].astype(np.float64).reshape(len(moments), groups, -1) for row in (0, 1))
    mean = means.mean(2, keepdims=True)
    variance = (squares + pixels * (means - mean) ** 2).mean(2, keepdims=True) / pixels
    mean, variance = (np.broadcast_to(rows, means.shape).reshape(len(moments), -1) for rows in (mean, variance))
    for n in range(len(moments)):
        _coefficients(mean[n], variance[n], gamma, beta, coefficients[n], epsilon)


def group_gradient(sums, pixels, coefficients, gamma, dgamma, dbeta, back, groups, first):
    # sums (N, 2, C)  back (N, 3, C)  dgamma, dbeta (1, C) of one part
    inverse = coefficients[:, 1].astype(np.float64)
    plain, weighted = ((gamma * sums[:, row].astype(np.float64)).reshape(len(sums), groups, -1) for row in (0, 1))
    plain, weighted = (np.repeat(terms.sum(2), terms.shape[2], 1) / (pixels * terms.shape[2]) for terms in (plain, weighted))
    back[:, 0] = gamma * inverse
    back[:, 1] = inverse * plain
    back[:, 2] = inverse**3 * weighted
    dgamma[0] = (sums[:, 1] * inverse).sum(0) + (0 if first else dgamma[0])
    dbeta[0] = sums[:, 0].sum(0) + (0 if first else dbeta[0])


def layer_norm(x, gamma, beta, y, moments, x_region, y_region, epsilon, floor):
    # moments (N, H * W, 2): mean and 1 / deviation of each pixel
    image = view(x, x_region)
    mean, inverse = image.mean(3, keepdims=True), 1 / np.sqrt(image.var(3, keepdims=True) + epsilon)
    moments[...] = np.concatenate([mean, inverse], 3).reshape(moments.shape)
    view(y, y_region)[...] = np.maximum((image - mean) * inverse * gamma.reshape(-1) + beta.reshape(-1), floor)


def _deviations(x, moments, region):
    """(x - mean) / deviation, and 1 / deviation, of each pixel."""
    image = view(x, region)
    mean, inverse = moments.reshape(*image.shape[:3], 2)[..., :1], moments.reshape(*image.shape[:3], 2)[..., 1:]
    return (image - mean) * inverse, inverse


def layer_norm_backward(d, x, gamma, moments, dx, dgamma, dbeta, d_region, x_region, dx_region, first):
    # dgamma, dbeta (1, C) of one part
    error, (value, inverse) = view(d, d_region), _deviations(x, moments, x_region)
    dgamma[0] = (error * value).sum((0, 1, 2)) + (0 if first else dgamma[0])
    dbeta[0] = error.sum((0, 1, 2)) + (0 if first else dbeta[0])
    error = error * gamma.reshape(-1)
    result = error - error.mean(3, keepdims=True) - value * (error * value).mean(3, keepdims=True)
    view(dx, dx_region)[...] = result * inverse
