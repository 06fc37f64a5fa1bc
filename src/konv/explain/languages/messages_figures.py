"""The words in figures; part of the one table in messages.py."""

FIGURES: dict[str, dict[str, str]] = {
    "fig_input": {"en": "input {shape}", "ko": "입력 {shape}"},
    "fig_channel": {"en": "channel {number}", "ko": "채널 {number}"},
    "fig_filter": {"en": "filter {number}", "ko": "필터 {number}"},
    "fig_map": {"en": "feature map {number}", "ko": "특성 맵 {number}"},
    "fig_more_channels": {"en": "{count} more channels", "ko": "채널 {count}개 더 있음"},
    "fig_more_kernels": {"en": "{count} more", "ko": "{count}개 더"},
    "fig_more_filters": {"en": "{count} more filters like these", "ko": "같은 모양의 필터 {count}개 더 있음"},
    "fig_sum": {"en": "sum", "ko": "합"},
    "fig_sum_bias": {"en": "sum + bias", "ko": "합 + 편향"},
    "fig_one_filter": {
        "en": "one filter: its products are summed into one feature map",
        "ko": "필터 1개: 곱한 값을 모두 더해 특성 맵 1개를 만듦",
    },
    "fig_many_filters": {
        "en": "{filters} filters: {filters} feature maps, which are not added together",
        "ko": "필터 {filters}개: 특성 맵 {filters}개를 만들며, 특성 맵끼리는 더하지 않음",
    },
    "fig_many_channels": {
        "en": "each filter has one kernel for each of its {channels} channels; the products of all of them are summed",
        "ko": "필터마다 채널 {channels}개에 커널이 하나씩 있고, 각 커널로 곱한 값을 모두 더함",
    },
    "fig_groups": {
        "en": "{groups} groups: a filter reads the {channels} channels of its own group alone",
        "ko": "그룹 {groups}개: 필터는 자기 그룹의 채널 {channels}개만 읽음",
    },
    "fig_conv_title": {"en": "{title}: from {inputs} to {output}", "ko": "{title}: {inputs}에서 {output}(으)로"},
    "fig_window": {
        "en": "framed: the first window, and the pixel that it makes",
        "ko": "테두리: 첫 번째 윈도우와 그 윈도우가 만드는 픽셀",
    },
    "fig_padding": {"en": "dashed: padding, zeros around the image", "ko": "점선: 패딩, 이미지 둘레의 0"},
    # --- what is wrong with a model ---
    "doc_trail": {"en": "shapes from layer to layer:", "ko": "층을 지날 때마다의 모양:"},
    "doc_fails": {"en": "does not fit", "ko": "맞지 않음"},
    "doc_healthy": {"en": "every layer fits", "ko": "모든 층이 맞음"},
    "doc_why": {"en": "why: {reason}", "ko": "이유: {reason}"},
    "doc_why_axes": {
        "en": "it takes images (batch, height, width, channels), and {shape} are none",
        "ko": "이미지 (배치, 높이, 너비, 채널)를 받아야 하는데 {shape}이(가) 들어옴",
    },
    "doc_why_window": {
        "en": "its window of {window} is larger than what is left of the image, {sizes}",
        "ko": "윈도우 {window}이(가) 남은 이미지 {sizes}보다 큼",
    },
    "doc_why_unknown": {
        "en": "its weights depend on a size that is not known: {shape}",
        "ko": "크기가 정해지지 않아 가중치를 만들 수 없음: {shape}",
    },
    "doc_remedies": {"en": "what would do (each was tried):", "ko": "해결 방법 (모두 실제로 확인함):"},
    "doc_gives": {"en": "the output is then {shape}", "ko": "그러면 출력은 {shape}"},
    "doc_channel_axis": {
        "en": "input_shape {shape} instead of {old}, and x[..., None]: images have an axis for channels:",
        "ko": "input_shape를 {old} 대신 {shape}(으)로, 데이터는 x[..., None]으로: 이미지에는 채널 축이 있어야 함:",
    },
    "doc_batch_axis": {
        "en": "input_shape {shape} instead of {old}: the batch is left out:",
        "ko": "input_shape를 {old} 대신 {shape}(으)로: 배치 축은 적지 않음:",
    },
    "doc_channels_last": {
        "en": "input_shape {shape} instead of {old}, and x.transpose(0, 2, 3, 1): the channels come last:",
        "ko": "input_shape를 {old} 대신 {shape}(으)로, 데이터는 x.transpose(0, 2, 3, 1)로: 채널이 마지막 축:",
    },
    "doc_channels_first": {
        "en": 'data_format "channels_first" in every layer that has it:',
        "ko": 'data_format을 받는 모든 층에 data_format "channels_first":',
    },
    "doc_move": {"en": "{layer} after {after}:", "ko": "{layer}을(를) {after} 뒤로 옮김:"},
    "doc_remove": {"en": "no {layer}:", "ko": "{layer}을(를) 뺌:"},
    "doc_same": {"en": 'padding "same" for {layer}:', "ko": '{layer}에 padding "same":'},
    "doc_all_same": {
        "en": 'padding "same" for all {count} layers with windows so far:',
        "ko": '여기까지 나온 윈도우를 쓰는 층 {count}개 모두에 padding "same":',
    },
    "doc_window": {
        "en": "{argument} {size} instead of {old} for {layer}:",
        "ko": "{layer}의 {argument}을(를) {old} 대신 {size}(으)로:",
    },
    "doc_dilation": {"en": "dilation_rate 1 for {layer}:", "ko": "{layer}의 dilation_rate를 1로:"},
    "doc_fewer_pools": {"en": "one pool fewer, no {layer}:", "ko": "풀링을 하나 줄여 {layer}을(를) 뺌:"},
    "doc_larger_input": {"en": "larger images, {shape} instead of {old}:", "ko": "더 큰 이미지를 씀, {old} 대신 {shape}:"},
    "doc_groups": {
        "en": "groups {groups} for {layer}, which divides its {channels} channels:",
        "ko": "{layer}의 groups를 {groups}(으)로, 채널 {channels}개가 나누어떨어짐:",
    },
    "doc_filters": {"en": "{filters} filters in {layer} before it:", "ko": "앞에 있는 {layer}의 필터를 {filters}개로:"},
    "doc_global_pool": {
        "en": "GlobalAveragePooling2D instead of {layer}, which takes images of any size:",
        "ko": "{layer} 대신 GlobalAveragePooling2D, 이미지 크기가 달라도 됨:",
    },
    "doc_fixed": {
        "en": "a size that is known, such as {shape} instead of {old}:",
        "ko": "크기를 정해 줌, 예를 들어 {old} 대신 {shape}:",
    },
    "doc_axis": {"en": "axis -1 for {layer}, the last one:", "ko": "{layer}의 axis를 -1(마지막 축)로:"},
    "doc_reshape": {"en": "target_shape (-1,) for {layer}:", "ko": "{layer}의 target_shape를 (-1,)로:"},
    "doc_flatten": {"en": "a Flatten before {layer}:", "ko": "{layer} 앞에 Flatten을 넣음:"},
    "doc_dense": {"en": "a Dense layer instead of {layer}:", "ko": "{layer} 대신 Dense 층:"},
    # --- back to the image ---
    "trace_title": {
        "en": "{title}: where the number at ({place}) of layer {layer} comes from",
        "ko": "{title}: {layer} 층의 ({place}) 위치에 있는 값은 어디에서 왔을까",
    },
    "trace_box": {
        "en": "what counts: [{ranges}], {count} of {total} numbers",
        "ko": "계산에 쓰인 부분: [{ranges}], 값 {total}개 중 {count}개",
    },
    "trace_values": {"en": "from {low} to {high}", "ko": "{low}부터 {high}까지"},
    "trace_example": {"en": "the number at ({place}): {equation}", "ko": "({place}) 위치의 값: {equation}"},
    "trace_field": {
        "en": "receptive field: {rows} rows and {columns} columns, from row {top} and column {left} on",
        "ko": "수용 영역: {top}행 {left}열부터 행 {rows}개, 열 {columns}개",
    },
    "trace_value": {
        "en": "the engine computed {value}, the chain gives {recomputed}",
        "ko": "엔진이 계산한 값 {value}, 위의 과정을 따라 다시 계산한 값 {recomputed}",
    },
    "trace_image": {"en": "image; framed: the receptive field", "ko": "이미지; 테두리: 수용 영역"},
    "trace_weights": {"en": "how much each pixel counts (gradient)", "ko": "각 픽셀이 결과에 미치는 영향 (기울기)"},
    "trace_flat": {
        "en": "zero everywhere: on the way an activation is flat here, such as relu below 0",
        "ko": "모두 0: 이 값에 이르는 길에 기울기가 0인 활성화 함수가 있음 (예: 0보다 작은 값의 relu)",
    },
    "trace_scale": {
        "en": "red: makes it larger, blue: smaller; the strongest: {value}",
        "ko": "빨강은 값을 키우는 픽셀, 파랑은 값을 줄이는 픽셀; 가장 큰 영향: {value}",
    },
    # --- receptive fields and memory ---
    "reach_rows": {
        "en": "rows of the image that one number sees: {equation}",
        "ko": "값 하나가 보는 이미지의 행 수: {equation}",
    },
    "reach_columns": {
        "en": "columns of the image that one number sees: {equation}",
        "ko": "값 하나가 보는 이미지의 열 수: {equation}",
    },
    "legend_reach": {
        "en": "receptive field so far + (window - 1)*effective stride so far",
        "ko": "앞까지의 수용 영역 + (윈도우 - 1)*앞까지의 실효 스트라이드",
    },
    "reach_stride": {
        "en": "effective stride: {stride} pixels of the image from one number to the next",
        "ko": "실효 스트라이드: 이웃한 두 값은 이미지에서 {stride}픽셀 떨어져 있음",
    },
    "activations_training": {
        "en": "bytes of the activations of one sample in training, all outputs: {equation} ({readable})",
        "ko": "학습할 때 샘플 하나의 활성값(모든 층의 출력)이 차지하는 바이트: {equation} ({readable})",
    },
    "activations_prediction": {
        "en": "in prediction, inputs and output of the largest layer: {equation} ({readable})",
        "ko": "예측할 때 가장 큰 층의 입력과 출력이 차지하는 바이트: {equation} ({readable})",
    },
    # --- a layer in one line ---
    "parameters_count": {"en": "parameters: {count}", "ko": "파라미터: {count}"},
    "macs_count": {"en": "MACs: {count}", "ko": "MAC: {count}"},
    "reach_size": {"en": "sees {size}", "ko": "수용 영역 {size}"},
    "column_layer": {"en": "layer", "ko": "층"},
    "column_class": {"en": "class", "ko": "종류"},
    "column_output": {"en": "output", "ko": "출력"},
    "column_parameters": {"en": "parameters", "ko": "파라미터"},
    "column_macs": {"en": "MACs", "ko": "MAC"},
    "column_reach": {"en": "receptive field", "ko": "수용 영역"},
    "draw_title": {
        "en": "{title}: layers: {count}, parameters: {parameters}",
        "ko": "{title}: 층 {count}개, 파라미터 {parameters}개",
    },
    # --- in notebooks ---
    "drawing": {"en": "drawing", "ko": "그림"},
    "column_reads": {"en": "reads", "ko": "입력"},
    "total_optimizer": {"en": "numbers that the optimizer keeps: {count}", "ko": "옵티마이저가 간직하는 값: {count}"},
    "not_built": {
        "en": "not built yet: the shape of its input is not known",
        "ko": "아직 만들지 않음: 입력의 모양을 알 수 없음",
    },
    # --- learning curves ---
    "curve_title": {"en": "learning curves", "ko": "학습 곡선"},
    "curve_training": {"en": "training", "ko": "학습"},
    "curve_validation": {"en": "validation", "ko": "검증"},
    "curve_first": {"en": "first", "ko": "처음"},
    "curve_last": {"en": "last", "ko": "마지막"},
    "curve_best": {"en": "best", "ko": "최적"},
    "curve_epoch": {"en": "epoch", "ko": "에포크"},
    "curve_in_epoch": {"en": "{value} in epoch {epoch}", "ko": "에포크 {epoch}에서 {value}"},
    "curve_undrawn": {
        "en": "not drawn, since they are no single numbers: {names}",
        "ko": "값이 숫자 하나가 아니어서 그리지 않음: {names}",
    },
    "film_text": {
        "en": "{title}, filter {number}: {count} positions of the window make a map of {rows} rows and {columns} columns",
        "ko": "{title}, 필터 {number}: 윈도우가 {count}곳을 지나며 {rows}행 {columns}열의 특성 맵을 만듦",
    },
    # --- one pixel, step by step ---
    "win_title": {
        "en": "{title}: pixel ({row}, {column}) of feature map {number}",
        "ko": "{title}: 특성 맵 {number}의 픽셀 ({row}, {column})",
    },
    "win_input": {"en": "input: {shape}", "ko": "입력: {shape}"},
    "win_pixels": {"en": "window", "ko": "윈도우"},
    "win_kernel": {"en": "kernel", "ko": "커널"},
    "win_products": {"en": "products", "ko": "곱"},
    "win_sum": {"en": "sum: {value}", "ko": "합: {value}"},
    "win_max": {"en": "largest: {value}", "ko": "가장 큰 값: {value}"},
    "win_mean": {"en": "mean: {value}", "ko": "평균: {value}"},
    "win_more": {"en": "{count} more channels, together {value}", "ko": "채널 {count}개 더 있음, 그 합은 {value}"},
    "win_padding": {"en": "in brackets: padding", "ko": "괄호 안: 패딩"},
    "win_padding_drawn": {"en": "grey: padding", "ko": "회색: 패딩"},
    "win_norm": {"en": "normalised: {formula} gives {value}", "ko": "정규화: {formula} → {value}"},
    "win_total": {"en": "sum over the channels: {terms} gives {value}", "ko": "채널별 합을 모두 더함: {terms} → {value}"},
    "win_total_bias": {
        "en": "sum over the channels, and the bias: {terms} gives {value}",
        "ko": "채널별 합을 모두 더하고 편향을 더함: {terms} → {value}",
    },
    "win_after": {"en": "{name}: {value}", "ko": "{name}: {value}"},
    "win_value": {
        "en": "output pixel ({row}, {column}) of feature map {number}: {value}",
        "ko": "특성 맵 {number}의 출력 픽셀 ({row}, {column}): {value}",
    },
    # --- the same as source ---
    "code_axis_rows": {"en": "rows", "ko": "행"},
    "code_axis_columns": {"en": "columns", "ko": "열"},
    "code_axis_time": {"en": "steps", "ko": "스텝"},
    "code_axis_channels": {"en": "channels", "ko": "채널"},
    "code_axis_filters": {"en": "filters", "ko": "필터"},
    "code_axis_multiplier": {"en": "kernels per channel", "ko": "채널당 커널"},
    "code_kernel": {
        "en": "kernel: konv has ({ours}), PyTorch ({theirs})",
        "ko": "커널의 축: konv는 ({ours}), PyTorch는 ({theirs})",
    },
    "code_uneven": {
        "en": "{sides}; padding adds the same on both sides in PyTorch, so F.pad does it",
        "ko": "{sides}; PyTorch의 padding 인수는 양쪽에 똑같이 덧붙이므로 F.pad를 씀",
    },
    "code_channels_second": {"en": "the channels second, as PyTorch has them", "ko": "PyTorch의 순서대로 채널을 둘째 축으로"},
    "code_channels_last": {"en": "the channels last, as konv has them", "ko": "konv의 순서대로 채널을 마지막 축으로"},
    "code_groups": {"en": "each group of filters reads its own channels", "ko": "필터 그룹마다 자기 채널만 읽음"},
    "code_depthwise": {"en": "each channel by itself", "ko": "채널마다 따로"},
    "code_depthwise_groups": {"en": "as many groups as channels", "ko": "그룹 수를 채널 수와 같게"},
    "code_spread": {"en": "each number is spread over the window", "ko": "값마다 커널을 곱해 윈도우에 펼침"},
    "code_cut": {"en": "a negative width cuts off", "ko": "음수는 그만큼 잘라 냄"},
    "code_pool_mean": {"en": "padding does not count in the mean", "ko": "패딩은 평균에서 제외"},
    "code_pool_share": {
        "en": "padding does not count in the mean: divided by the share of the window inside of the image",
        "ko": "패딩은 평균에서 제외: 윈도우가 이미지 안에 걸친 비율로 나눔",
    },
    "code_moving": {"en": "in inference the moving mean and variance", "ko": "예측할 때는 이동 평균과 이동 분산"},
    "code_softmax": {"en": "so that exp does not grow too large", "ko": "exp 값이 너무 커지지 않도록"},
    "code_inference": {"en": "{name} does nothing in inference", "ko": "{name}: 예측할 때는 그대로 통과"},
    "code_flatten_last": {"en": "channels vary fastest", "ko": "채널이 가장 빨리 바뀌는 순서"},
    "code_dense": {"en": "F.linear would take the kernel transposed", "ko": "F.linear를 쓰려면 커널을 전치해야 함"},
    "code_sums": {
        "en": "for each of target pixels the weights of the pixels that make it",
        "ko": "결과 픽셀마다 그 값을 만드는 입력 픽셀들의 가중치",
    },
    # --- operations on arrays of any shape ---
    "constant": {"en": "fixed numbers: {count}", "ko": "고정된 수: {count}개"},
    "weight": {"en": "weight {name}", "ko": "가중치 {name}"},
    "comparison": {
        "en": "comparison ({name}), value by value: 1 where it holds, 0 elsewhere",
        "ko": "같은 자리의 값끼리 비교({name}): 참이면 1, 거짓이면 0",
    },
    "reduce_sum": {"en": "sum along axis {axes}", "ko": "축 {axes} 방향의 합"},
    "reduce_mean": {"en": "mean along axis {axes}", "ko": "축 {axes} 방향의 평균"},
    "reduce_max": {"en": "largest value along axis {axes}", "ko": "축 {axes} 방향의 가장 큰 값"},
    "reduce_min": {"en": "smallest value along axis {axes}", "ko": "축 {axes} 방향의 가장 작은 값"},
    "reduced": {"en": "values that become one: {equation}", "ko": "하나로 합쳐지는 값의 개수: {equation}"},
    "matmul": {"en": "matrix product over the last two axes", "ko": "마지막 두 축의 행렬 곱"},
    "legend_matmul_macs": {"en": "size of the result * terms of a sum", "ko": "결과의 크기 * 합 하나의 항 개수"},
    "repeated": {"en": "each part along an axis is repeated: {factors}", "ko": "축을 따라 되풀이하는 횟수: {factors}"},
    # --- padding of other libraries ---
    "pads_title": {
        "en": "images of {size}, window {kernel}, strides {strides}: padding in Keras and in PyTorch",
        "ko": "이미지 {size}, 윈도우 {kernel}, 스트라이드 {strides}: Keras와 PyTorch의 패딩",
    },
    "pads_keras": {"en": 'Keras, padding "same"', "ko": 'Keras, padding "same"'},
    "pads_torch": {"en": "PyTorch, padding {padding}", "ko": "PyTorch, padding {padding}"},
    "pads_output": {"en": "output: {size}", "ko": "출력: {size}"},
    "pads_rows": {"en": "rows under each window: {windows}", "ko": "윈도우마다 읽는 행: {windows}"},
    "pads_columns": {"en": "columns under each window: {windows}", "ko": "윈도우마다 읽는 열: {windows}"},
    "pads_dot": {"en": "the sign · is padding", "ko": "가운뎃점(·)은 패딩"},
    "pads_drawn": {
        "en": "framed: the first window; dots: the first pixel of every window",
        "ko": "테두리: 첫 번째 윈도우, 점: 각 윈도우의 첫 픽셀",
    },
    "pads_corner": {"en": "drawn: the upper left corner", "ko": "그림은 왼쪽 위 모서리"},
    "pads_equal": {"en": "both read the same pixels", "ko": "둘 다 같은 픽셀을 읽음"},
    "pads_differ": {
        "en": "they read different pixels: the windows of Keras begin further down (rows: {rows}) and further right "
        "(columns: {columns})",
        "ko": "서로 다른 픽셀을 읽음: Keras의 윈도우가 {rows}행 아래, {columns}열 오른쪽에서 시작함",
    },
    "pads_other": {"en": "they read different pixels", "ko": "서로 다른 픽셀을 읽음"},
    "pads_way": {
        "en": 'as PyTorch in Keras: ZeroPadding2D({padding}) before it, and padding "valid"',
        "ko": 'Keras에서 PyTorch처럼 읽으려면: ZeroPadding2D({padding}) 층을 앞에 두고 padding "valid"',
    },
    # --- the parameters of a layer ---
    "par_title": {"en": "{title}: its parameters", "ko": "{title}의 파라미터"},
    "par_filter": {"en": "each filter: {equation}", "ko": "필터 하나: {equation}"},
    "par_unit": {"en": "each unit: {equation}", "ko": "유닛 하나: {equation}"},
    "par_units": {"en": "{count} more units like these", "ko": "같은 모양의 유닛 {count}개 더 있음"},
    "par_bias": {"en": "bias", "ko": "편향"},
    "par_unit_row": {"en": "unit {number}", "ko": "유닛 {number}"},
    "par_more": {"en": "{count} more", "ko": "{count}개 더"},
    "par_square": {"en": "each small square is one number", "ko": "작은 칸 하나가 수 하나"},
}
