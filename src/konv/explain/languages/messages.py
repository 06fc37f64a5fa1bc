"""Every sentence of an explanation, English and Korean side by side.

A legend says in words what the equation above it says in numbers. No sentence contains an equals sign of its own,
so that every `a = b` in an explanation is an equation that holds.
"""

import re
from typing import Any

from konv.explain.languages.language import LANGUAGES as LANGUAGES
from konv.explain.languages.language import check_language as check_language
from konv.explain.languages.language import with_particles
from konv.explain.languages.messages_figures import FIGURES
from konv.explain.languages.messages_report import REPORT

MESSAGES: dict[str, dict[str, str]] = {
    # --- every layer ---
    "input": {"en": "input: {shape}", "ko": "입력: {shape}"},
    "inputs": {"en": "input {number}: {shape}", "ko": "입력 {number}: {shape}"},
    "output": {"en": "output: {shape}", "ko": "출력: {shape}"},
    "no_parameters": {"en": "parameters: 0", "ko": "파라미터: 0"},
    "parameters": {"en": "parameters: {equation}", "ko": "파라미터: {equation}"},
    "macs": {"en": "MACs: {equation}", "ko": "곱셈-덧셈(MAC): {equation}"},
    "macs_unknown": {
        "en": "MACs: depend on the size of the input, which is not fixed (None)",
        "ko": "곱셈-덧셈(MAC): 입력 크기가 정해지지 않아(None) 계산할 수 없음",
    },
    "frozen": {
        "en": "frozen (trainable is False): the weights keep their values in training",
        "ko": "동결됨(trainable이 False): 학습 중에 가중치가 바뀌지 않음",
    },
    "shared": {
        "en": "the same layer as before, called again: its parameters are not counted twice",
        "ko": "앞에 나온 층을 다시 호출함: 파라미터는 한 번만 셈",
    },
    "sizes_unknown": {
        "en": "size: depends on the size of the input, which is not fixed (None)",
        "ko": "크기: 입력 크기가 정해지지 않아(None) 계산할 수 없음",
    },
    "unchanged": {"en": "the values pass unchanged", "ko": "값이 그대로 통과함"},
    "operation": {"en": "operation: {op}", "ko": "연산: {op}"},
    # --- windows ---
    "height": {"en": "height: {equation}", "ko": "높이: {equation}"},
    "width": {"en": "width: {equation}", "ko": "너비: {equation}"},
    "length": {"en": "length: {equation}", "ko": "길이: {equation}"},
    "legend_size": {
        "en": "(input - window + padding)/stride + 1",
        "ko": "(입력 - 윈도우 + 패딩)/스트라이드 + 1",
    },
    "legend_floor": {
        "en": "(input - window + padding)/stride rounded down, + 1",
        "ko": "(입력 - 윈도우 + 패딩)/스트라이드의 소수점 아래를 버린 값 + 1",
    },
    "extent_height": {
        "en": "height of the dilated kernel: {equation}",
        "ko": "팽창된 커널의 높이: {equation}",
    },
    "extent_width": {
        "en": "width of the dilated kernel: {equation}",
        "ko": "팽창된 커널의 너비: {equation}",
    },
    "extent_length": {"en": "length of the dilated kernel: {equation}", "ko": "팽창된 커널의 길이: {equation}"},
    "legend_extent": {"en": "dilation*(kernel - 1) + 1", "ko": "팽창률*(커널 - 1) + 1"},
    "padding_height": {"en": "rows to add: {equation}", "ko": "덧붙일 행: {equation}"},
    "padding_width": {"en": "columns to add: {equation}", "ko": "덧붙일 열: {equation}"},
    "padding_length": {"en": "steps to add: {equation}", "ko": "덧붙일 스텝: {equation}"},
    "legend_causal": {
        "en": "window - 1, all before the first step, so that no result sees a later step",
        "ko": "윈도우 - 1: 모두 첫 스텝 앞에 덧붙이므로 결과가 뒤에 오는 스텝을 보지 않음",
    },
    "legend_padding": {
        "en": "(output - 1)*stride + window - input, never below 0: just what the last window lacks",
        "ko": "(출력 - 1)*스트라이드 + 윈도우 - 입력, 0보다 작으면 0: 마지막 윈도우에 모자라는 만큼",
    },
    "padding_sides": {
        "en": "padding: top {top}, bottom {bottom}, left {left}, right {right}",
        "ko": "패딩: 위 {top}, 아래 {bottom}, 왼쪽 {left}, 오른쪽 {right}",
    },
    "padding_sides_steps": {"en": "padding: before {left}, after {right}", "ko": "패딩: 앞 {left}, 뒤 {right}"},
    "unread_steps": {
        "en": "never read at the end of the input: steps {columns} (no window reaches them)",
        "ko": "입력 끝에서 읽지 않고 남는 부분: 스텝 {columns}개 (윈도우가 닿지 않음)",
    },
    "skipped_steps": {
        "en": "never read in between: steps {columns} (the window jumps over them)",
        "ko": "입력 중간에서 읽지 않고 건너뛰는 부분: 스텝 {columns}개",
    },
    "unread": {
        "en": "never read at the end of the input: rows {rows}, columns {columns} (no window reaches them)",
        "ko": "입력 끝에서 읽지 않고 남는 부분: 행 {rows}개, 열 {columns}개 (윈도우가 닿지 않음)",
    },
    "skipped": {
        "en": "never read in between: rows {rows}, columns {columns} (the window jumps over them)",
        "ko": "입력 중간에서 읽지 않고 건너뛰는 부분: 행 {rows}개, 열 {columns}개",
    },
    # --- convolution ---
    "conv": {
        "en": "convolution with filters of {kernel}x{channels} (one {kernel} kernel per channel), {filters} in all: "
        "the products and the bias are summed into one feature map per filter (strides {strides}, padding {padding})",
        "ko": "합성곱: 크기 {kernel}x{channels} 필터(채널마다 {kernel} 커널 하나) {filters}개; "
        "곱한 값과 편향을 모두 더해 필터마다 특성 맵 하나를 만듦 (스트라이드 {strides}, 패딩 {padding})",
    },
    "conv_no_bias": {
        "en": "convolution with filters of {kernel}x{channels} (one {kernel} kernel per channel), {filters} in all: "
        "the products are summed, without bias, into one feature map per filter (strides {strides}, padding {padding})",
        "ko": "합성곱: 크기 {kernel}x{channels} 필터(채널마다 {kernel} 커널 하나) {filters}개; "
        "곱한 값을 편향 없이 모두 더해 필터마다 특성 맵 하나를 만듦 (스트라이드 {strides}, 패딩 {padding})",
    },
    "group_channels": {"en": "channels per group: {equation}", "ko": "그룹당 채널 수: {equation}"},
    "legend_group_channels": {
        "en": "input channels/groups: a filter reads the channels of its own group alone",
        "ko": "입력 채널/그룹: 필터는 자기 그룹의 채널만 읽음",
    },
    "group_filters": {"en": "filters per group: {equation}", "ko": "그룹당 필터 수: {equation}"},
    "legend_group_filters": {"en": "filters/groups", "ko": "필터/그룹"},
    "legend_conv_parameters": {
        "en": "filters * (channels*kernel height*kernel width + 1 bias)",
        "ko": "필터 * (채널*커널 높이*커널 너비 + 편향 1)",
    },
    "legend_conv_parameters_no_bias": {
        "en": "filters * (channels*kernel height*kernel width), no bias",
        "ko": "필터 * (채널*커널 높이*커널 너비), 편향 없음",
    },
    "legend_conv_macs": {
        "en": "output height*output width*filters * (kernel height*kernel width*channels)",
        "ko": "출력 높이*출력 너비*필터 * (커널 높이*커널 너비*채널)",
    },
    "legend_conv_parameters_steps": {
        "en": "filters * (channels*kernel length + 1 bias)", "ko": "필터 * (채널*커널 길이 + 편향 1)"},
    "legend_conv_parameters_no_bias_steps": {
        "en": "filters * (channels*kernel length), no bias", "ko": "필터 * (채널*커널 길이), 편향 없음"},
    "legend_conv_macs_steps": {
        "en": "output length*filters * (kernel length*channels)", "ko": "출력 길이*필터 * (커널 길이*채널)"},
    "depthwise": {
        "en": "depthwise convolution: each of {channels} channels by itself, with kernels of {kernel}, {multiplier} per "
        "channel (strides {strides}, padding {padding})",
        "ko": "깊이별 합성곱: 채널 {channels}개를 서로 섞지 않고, 채널마다 {kernel} 커널 {multiplier}개를 씀 (스트라이드 "
        "{strides}, 패딩 {padding})",
    },
    "legend_depthwise_parameters": {
        "en": "channels*kernels per channel * (kernel height*kernel width + 1 bias)",
        "ko": "채널*채널당 커널 * (커널 높이*커널 너비 + 편향 1)",
    },
    "legend_depthwise_parameters_no_bias": {
        "en": "channels*kernels per channel * (kernel height*kernel width), no bias",
        "ko": "채널*채널당 커널 * (커널 높이*커널 너비), 편향 없음",
    },
    "legend_depthwise_parameters_steps": {
        "en": "channels*kernels per channel * (kernel length + 1 bias)", "ko": "채널*채널당 커널 * (커널 길이 + 편향 1)"},
    "legend_depthwise_parameters_no_bias_steps": {
        "en": "channels*kernels per channel * (kernel length), no bias", "ko": "채널*채널당 커널 * (커널 길이), 편향 없음"},
    "legend_depthwise_macs": {
        "en": "output height*output width*output channels * (kernel height*kernel width)",
        "ko": "출력 높이*출력 너비*출력 채널 * (커널 높이*커널 너비)",
    },
    "legend_depthwise_macs_steps": {
        "en": "output length*output channels * (kernel length)", "ko": "출력 길이*출력 채널 * (커널 길이)"},
    "conv_transpose": {
        "en": "transposed convolution: every input value times a {kernel} kernel is spread over a window of each feature "
        "map, {filters} in all; windows of all {channels} channels add up where they overlap (strides {strides}, "
        "padding {padding})",
        "ko": "전치 합성곱: 입력 값마다 {kernel} 커널을 곱해 특성 맵 {filters}개 각각의 윈도우에 펼치고, 채널 "
        "{channels}개에서 펼친 값이 겹치는 곳은 더함 (스트라이드 {strides}, 패딩 {padding})",
    },
    "legend_spread": {
        "en": "(input - 1)*stride + the larger of kernel and stride",
        "ko": "(입력 - 1)*스트라이드 + 커널과 스트라이드 중 큰 값",
    },
    "legend_spread_same": {"en": "input*stride", "ko": "입력*스트라이드"},
    "legend_spread_extra": {
        "en": "(input - 1)*stride + kernel + output padding", "ko": "(입력 - 1)*스트라이드 + 커널 + 출력 패딩"},
    "legend_spread_same_extra": {
        "en": "(input - 1)*stride + 1 if the kernel is odd + output padding",
        "ko": "(입력 - 1)*스트라이드 + (커널 크기가 홀수면 1) + 출력 패딩",
    },
    "cut_sides": {
        "en": "cut off of what was spread: top {top}, bottom {bottom}, left {left}, right {right}",
        "ko": "펼친 값에서 잘라 냄: 위 {top}, 아래 {bottom}, 왼쪽 {left}, 오른쪽 {right}",
    },
    "cut_sides_steps": {
        "en": "cut off of what was spread: before {left}, after {right}", "ko": "펼친 값에서 잘라 냄: 앞 {left}, 뒤 {right}"},
    "legend_transpose_macs": {
        "en": "input height*input width*channels * (kernel height*kernel width*filters)",
        "ko": "입력 높이*입력 너비*채널 * (커널 높이*커널 너비*필터)",
    },
    "legend_transpose_macs_steps": {
        "en": "input length*channels * (kernel length*filters)", "ko": "입력 길이*채널 * (커널 길이*필터)"},
    # --- pooling ---
    "pool_max": {
        "en": "max pooling: the largest value of each {window} window of each channel (strides {strides}, padding "
        "{padding})",
        "ko": "최대 풀링: 채널마다 {window} 윈도우에 든 값 중 가장 큰 값 (스트라이드 {strides}, 패딩 {padding})",
    },
    "pool_average": {
        "en": "average pooling: the mean of each {window} window of each channel, padding left out (strides {strides}, "
        "padding {padding})",
        "ko": "평균 풀링: 채널마다 {window} 윈도우에 든 값의 평균, 패딩은 세지 않음 (스트라이드 {strides}, 패딩 "
        "{padding})",
    },
    "window_values": {"en": "values per window: {equation}", "ko": "윈도우 하나에 든 값의 개수: {equation}"},
    "global_max": {
        "en": "global max pooling: the largest value of each of {channels} feature maps",
        "ko": "전역 최대 풀링: 특성 맵 {channels}개 각각의 가장 큰 값",
    },
    "global_average": {
        "en": "global average pooling: the mean of each of {channels} feature maps",
        "ko": "전역 평균 풀링: 특성 맵 {channels}개 각각의 평균",
    },
    "map_values": {"en": "values per feature map: {equation}", "ko": "특성 맵 하나에 든 값의 개수: {equation}"},
    # --- normalisation and dropout ---
    "group_norm": {
        "en": "group normalization, mean and variance of each sample over all pixels of each of {groups} groups of "
        "channels: {formula}",
        "ko": "그룹 정규화: 채널을 그룹 {groups}개로 나누고, 샘플마다 그룹별로 모든 픽셀의 평균과 분산을 구함: {formula}",
    },
    "layer_norm": {
        "en": "layer normalization, mean and variance of each sample over axis {axes}: {formula}",
        "ko": "층 정규화: 샘플마다 축 {axes} 방향으로 평균과 분산을 구함: {formula}",
    },
    "mean_values": {"en": "values that share a mean: {equation}", "ko": "평균 하나를 구하는 데 쓰는 값의 개수: {equation}"},
    "legend_gamma_beta": {"en": "weights (gamma, beta) times their size", "ko": "파라미터의 종류(gamma, beta) * 각각의 크기"},
    "batch_norm": {"en": "batch normalization, per channel: {formula}", "ko": "배치 정규화(채널마다): {formula}"},
    "batch_norm_statistics": {
        "en": "mean and variance: those of the batch in training, the moving ones in prediction (momentum {momentum})",
        "ko": "평균과 분산: 학습할 때는 배치에서 구한 값, 예측할 때는 이동 평균 (모멘텀 {momentum})",
    },
    "kept_share": {
        "en": "share of each new batch in the moving values: {equation}",
        "ko": "이동 평균에 새 배치가 반영되는 비율: {equation}",
    },
    "legend_batch_norm": {"en": "weights per channel * channels", "ko": "채널당 파라미터 * 채널"},
    "learned": {"en": "trainable: {equation} ({names})", "ko": "학습하는 파라미터: {equation} ({names})"},
    "measured": {
        "en": "not trainable, measured: {equation} ({names})",
        "ko": "학습하지 않고 데이터에서 구하는 파라미터: {equation} ({names})",
    },
    "dropout": {
        "en": "dropout: in training each value becomes 0 with probability {rate}, the others are divided by the share "
        "that is kept; in prediction nothing happens",
        "ko": "드롭아웃(비율 {rate}): 학습할 때 값마다 이 확률로 0으로 만들고 나머지는 남는 비율로 나눔; 예측할 때는 "
        "그대로 통과",
    },
    "kept": {"en": "share that is kept: {equation}", "ko": "남는 비율: {equation}"},
    "noise_shape": {
        "en": "one decision for every axis of size 1 in {shape}",
        "ko": "{shape}에서 크기가 1인 축 방향으로는 모두 함께 0이 되거나 함께 남음",
    },
    # --- dense and shapes ---
    "dense": {
        "en": "fully connected: each of {units} units weighs all {inputs} inputs and sums them",
        "ko": "완전 연결층: 유닛 {units}개가 각각 입력 {inputs}개 모두에 가중치를 곱해 더함",
    },
    "legend_dense_parameters": {"en": "(inputs + 1 bias) * units", "ko": "(입력 + 편향 1) * 유닛"},
    "legend_dense_parameters_no_bias": {"en": "inputs * units, no bias", "ko": "입력 * 유닛, 편향 없음"},
    "legend_dense_macs": {"en": "inputs * units", "ko": "입력 * 유닛"},
    "legend_dense_macs_places": {"en": "positions * inputs * units", "ko": "위치 * 입력 * 유닛"},
    "flatten": {
        "en": "flatten: the same values in one row, channels varying fastest",
        "ko": "펼치기(Flatten): 같은 값을 한 줄로 늘어놓음, 채널 번호가 가장 빨리 바뀜",
    },
    "reshape": {"en": "reshape: the same values as {shape}", "ko": "모양 바꾸기: 값은 그대로 두고 모양만 {shape}(으)로 바꿈"},
    "permute": {"en": "the axes of a sample in the order {order}", "ko": "샘플의 축을 {order} 순서로 바꿈"},
    "values": {"en": "values: {equation}", "ko": "값의 개수: {equation}"},
    "input_layer": {"en": "here the data enters", "ko": "데이터가 들어오는 곳"},
    # --- element by element ---
    "activation": {"en": "activation {name}, for each value", "ko": "활성화 함수 {name}, 값마다 적용"},
    "activation_formula": {
        "en": "activation {name}, for each value x: {formula}",
        "ko": "활성화 함수 {name}, 각 값 x에 대해: {formula}",
    },
    "softmax": {
        "en": "softmax: exp(x)/(sum of exp over the {size} values), so that they are positive and sum to 1",
        "ko": "소프트맥스: exp(x)/(값 {size}개의 exp의 합), 결과는 모두 양수이고 합이 1",
    },
    "log_softmax": {
        "en": "log softmax: x - log(sum of exp over the {size} values)",
        "ko": "로그 소프트맥스: x - log(값 {size}개의 exp의 합)",
    },
    "scale": {"en": "rescaling, for each value x: {formula}", "ko": "값의 범위 조정, 각 값 x에 대해: {formula}"},
    "scale_example": {"en": "a pixel of 255 becomes: {equation}", "ko": "픽셀 값 255는 다음 값이 됨: {equation}"},
    "scale_channels": {
        "en": "rescaling, one pair per channel: x times ({scales}) plus ({offsets})",
        "ko": "값의 범위 조정, 채널마다: x에 ({scales})을(를) 곱하고 ({offsets})을(를) 더함",
    },
    "add": {"en": "sum of {count} inputs, value by value", "ko": "입력 {count}개를 같은 자리의 값끼리 더함"},
    "additions": {"en": "additions: {equation}", "ko": "덧셈: {equation}"},
    # --- images ---
    "resize": {
        "en": "resizing to {height}x{width} ({interpolation}): each pixel is a weighted sum of those near its place",
        "ko": "크기를 {height}x{width}(으)로 바꿈 ({interpolation}): 결과의 픽셀은 그 자리 가까이에 있는 픽셀들의 가중합",
    },
    "resize_window": {
        "en": "of the {rows}x{columns} window that begins {top} pixels from the top and {left} from the left",
        "ko": "위에서 {top}픽셀, 왼쪽에서 {left}픽셀 떨어진 곳에서 시작하는 {rows}x{columns} 영역을 씀",
    },
    "resize_padded": {
        "en": "of the image with a border, {rows}x{columns} in all: {top} pixels above and below, {left} at both sides",
        "ko": "테두리를 더한 {rows}x{columns} 이미지를 씀: 위아래 {top}픽셀, 양옆 {left}픽셀",
    },
    "scale_height": {
        "en": "rows of the input for one of the output: {equation}",
        "ko": "출력 한 행에 해당하는 입력 행의 수: {equation}",
    },
    "scale_width": {
        "en": "columns of the input for one of the output: {equation}",
        "ko": "출력 한 열에 해당하는 입력 열의 수: {equation}",
    },
    "resize_terms": {
        "en": "pixels in the sum for one pixel, at most: {equation}",
        "ko": "픽셀 하나를 만드는 데 쓰는 픽셀의 최대 개수: {equation}",
    },
    "upsample": {
        "en": "upsampling: {rows} rows for each and {columns} columns for each ({interpolation})",
        "ko": "업샘플링: 행마다 {rows}개, 열마다 {columns}개로 늘림 ({interpolation})",
    },
    "flip_horizontal": {"en": "one image in two is mirrored, left and right", "ko": "절반의 확률로 이미지의 좌우를 뒤집음"},
    "flip_vertical": {"en": "one image in two is mirrored, top and bottom", "ko": "절반의 확률로 이미지의 위아래를 뒤집음"},
    "flip_horizontal_and_vertical": {
        "en": "one image in two is mirrored both ways at once",
        "ko": "절반의 확률로 이미지의 좌우와 위아래를 함께 뒤집음",
    },
    "rotation": {
        "en": "each image is turned about its middle by a share of a full turn from {ranges} ({interpolation})",
        "ko": "이미지마다 {ranges}에서 뽑은 수만큼(1은 한 바퀴) 가운데를 중심으로 회전함 ({interpolation})",
    },
    "zoom": {
        "en": "each image is zoomed: distances from the middle in the input are those in the output times {ranges} "
        "({interpolation})",
        "ko": "이미지마다 확대하거나 축소함: 입력에서 가운데까지의 거리는 출력에서의 거리에 {ranges}에서 뽑은 수를 곱한 "
        "값 ({interpolation})",
    },
    "translation": {
        "en": "each image is moved by shares of its height and width from {ranges} ({interpolation})",
        "ko": "이미지마다 높이와 너비에 {ranges}에서 뽑은 수를 곱한 만큼 옮김 ({interpolation})",
    },
    "fill_constant": {"en": "outside of the image: {value}", "ko": "이미지 바깥: {value}"},
    "fill_nearest": {"en": "outside of the image: its nearest pixel", "ko": "이미지 바깥: 가장 가까운 픽셀"},
    "fill_reflect": {"en": "outside of the image: its mirror image", "ko": "이미지 바깥: 가장자리에서 거울처럼 뒤집은 이미지"},
    "fill_wrap": {"en": "outside of the image: the image again", "ko": "이미지 바깥: 같은 이미지를 되풀이함"},
    "random_crop": {
        "en": "a window of {height}x{width}, in training at a place drawn anew for each batch",
        "ko": "{height}x{width} 영역을 잘라 냄, 학습할 때는 배치마다 위치를 무작위로 고름",
    },
    "places": {"en": "places for it: {equation}", "ko": "고를 수 있는 위치의 수: {equation}"},
    "crop_predicts": {
        "en": "in prediction: the {rows}x{columns} window from the middle, resized",
        "ko": "예측할 때: 가운데의 {rows}x{columns} 영역을 잘라 크기를 맞춤",
    },
    "brightness": {
        "en": "brightness: x + a number from {ranges} drawn for each image, cut off below {low} and above {high}",
        "ko": "밝기: 이미지마다 {ranges}에서 뽑은 수를 x에 더하고, {low}보다 작은 값과 {high}보다 큰 값은 그 경계로 맞춤",
    },
    "contrast": {
        "en": "contrast: (x - mean of the channel) * a number from {ranges} drawn for each image + mean, cut off below "
        "{low} and above {high}",
        "ko": "대비: (x - 채널의 평균) * 이미지마다 {ranges}에서 뽑은 수 + 평균, {low}보다 작은 값과 {high}보다 큰 값은 "
        "그 경계로 맞춤",
    },
    "noise": {
        "en": "in training each value plus a normally distributed number, standard deviation {deviation}; in prediction "
        "nothing happens",
        "ko": "학습할 때 값마다 정규분포(평균 0, 표준편차 {deviation})에서 뽑은 수를 더함; 예측할 때는 그대로 통과",
    },
    "noise_always": {
        "en": "each value plus a number drawn anew, normally distributed, standard deviation {deviation}",
        "ko": "값마다 정규분포(평균 0, 표준편차 {deviation})에서 새로 뽑은 수를 더함",
    },
    "noise_factor": {
        "en": "in training each value times a normally distributed number, mean 1, standard deviation {deviation}; in "
        "prediction nothing happens",
        "ko": "학습할 때 값마다 정규분포(평균 1, 표준편차 {deviation})에서 뽑은 수를 곱함; 예측할 때는 그대로 통과",
    },
    "only_training": {
        "en": "drawn anew in every step of training; in prediction nothing happens",
        "ko": "학습 단계마다 무작위로 다시 뽑음; 예측할 때는 그대로 통과",
    },
    "mask": {
        "en": "the first input where the second is above 0, else 0",
        "ko": "두 번째 입력이 0보다 큰 자리에서는 첫 번째 입력, 나머지는 0",
    },
    "detach": {"en": "the same values; no gradient goes back", "ko": "값은 그대로, 기울기는 뒤로 전달되지 않음"},
    "binary_add": {"en": "sum of {count} inputs, value by value", "ko": "입력 {count}개를 같은 자리의 값끼리 더함"},
    "binary_subtract": {
        "en": "the first of {count} inputs minus the second, value by value",
        "ko": "입력 {count}개: 같은 자리에 있는 첫 번째 값에서 두 번째 값을 뺌",
    },
    "binary_multiply": {"en": "product of {count} inputs, value by value", "ko": "입력 {count}개를 같은 자리의 값끼리 곱함"},
    "binary_divide": {
        "en": "the first of {count} inputs divided by the second, value by value",
        "ko": "입력 {count}개: 같은 자리에 있는 첫 번째 값을 두 번째 값으로 나눔",
    },
    "binary_maximum": {
        "en": "the largest of {count} inputs, value by value",
        "ko": "입력 {count}개에서 같은 자리의 값 중 가장 큰 값",
    },
    "binary_minimum": {
        "en": "the smallest of {count} inputs, value by value",
        "ko": "입력 {count}개에서 같은 자리의 값 중 가장 작은 값",
    },
    "binary_power": {
        "en": "the first of {count} inputs to the power of the second, value by value",
        "ko": "입력 {count}개: 같은 자리에 있는 첫 번째 값을 두 번째 값만큼 거듭제곱함",
    },
    "broadcast": {"en": "an axis of size 1 is repeated", "ko": "크기가 1인 축은 늘려서 맞춤(브로드캐스팅)"},
    "concatenate": {"en": "one after the other along axis {axis}", "ko": "축 {axis}을(를) 따라 이어 붙임"},
    "joined": {"en": "size of that axis: {equation}", "ko": "그 축의 크기: {equation}"},
    "zeros_around": {"en": "zeros around", "ko": "둘레에 0을 덧붙임"},
    "part_of": {"en": "a part of the input", "ko": "입력의 일부만 남김"},
    "edge": {"en": "size: {equation}", "ko": "크기: {equation}"},
    "prelu": {
        "en": "x above zero, alpha times x below; alpha is learned",
        "ko": "x가 0보다 크면 그대로, 작으면 alpha를 곱함; alpha는 학습하는 파라미터",
    },
    # --- the whole model ---
    "model": {"en": '{class_name} "{name}", layers: {count}', "ko": '{class_name} "{name}", 층: {count}개'},
    "total": {"en": "Total", "ko": "합계"},
    "total_parameters": {"en": "parameters: {count}", "ko": "파라미터: {count}"},
    "total_trainable": {"en": "trainable parameters: {count}", "ko": "학습하는 파라미터: {count}"},
    "total_frozen": {"en": "parameters that are not trained: {count}", "ko": "학습하지 않는 파라미터: {count}"},
    "total_macs": {"en": "MACs for one sample: {count}", "ko": "샘플 하나의 곱셈-덧셈(MAC): {count}"},
    "memory": {
        "en": "memory of the weights in bytes: {equation} ({readable})",
        "ko": "가중치가 차지하는 메모리(바이트): {equation} ({readable})",
    },
} | FIGURES | REPORT


# "1 units" in a sentence whose number came out as one
_ONE = re.compile(r"(?<![\d,.])(1 (?:channel|filter|input|unit|value|feature map))s\b")


def say(key: str, lang: str, **fields: Any) -> str:
    """The sentence of that key with its fields filled in.

    >>> say("padding_sides", "ko", top=0, bottom=1, left=0, right=1)
    '패딩: 위 0, 아래 1, 왼쪽 0, 오른쪽 1'
    """
    told = {name: f"{value:,}" if type(value) is int else value for name, value in fields.items()}
    text = MESSAGES[key][lang].format(**told)
    return _ONE.sub(r"\1", text) if lang == "en" else with_particles(text)
