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
        "ko": "필터 {filters}개: 특성 맵 {filters}개, 서로 더하지 않음",
    },
    "fig_many_channels": {
        "en": "each filter has one kernel for each of its {channels} channels; the products of all of them are summed",
        "ko": "필터마다 채널 {channels}개에 대한 커널이 하나씩 있고, 그 곱을 모두 더함",
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
    # --- back to the image ---
    "trace_title": {
        "en": "{title}: where the number at ({place}) of layer {layer} comes from",
        "ko": "{title}: {layer} 층의 ({place}) 위치 값이 어디에서 왔는가",
    },
    "trace_box": {
        "en": "what counts: [{ranges}], {count} of {total} numbers",
        "ko": "영향을 주는 부분: [{ranges}], 값 {total}개 중 {count}개",
    },
    "trace_values": {"en": "from {low} to {high}", "ko": "{low}부터 {high}까지"},
    "trace_example": {"en": "the number at ({place}): {equation}", "ko": "({place}) 위치의 값: {equation}"},
    "trace_field": {
        "en": "receptive field: {rows} rows and {columns} columns, from row {top} and column {left} on",
        "ko": "수용 영역: 행 {rows}개와 열 {columns}개, 행 {top}, 열 {left}부터",
    },
    "trace_value": {
        "en": "the engine computed {value}, the chain gives {recomputed}",
        "ko": "엔진이 계산한 값 {value}, 위의 과정을 따라 계산한 값 {recomputed}",
    },
    "trace_image": {"en": "image; framed: the receptive field", "ko": "이미지; 테두리: 수용 영역"},
    "trace_weights": {"en": "how much each pixel counts (gradient)", "ko": "각 픽셀이 미치는 영향 (기울기)"},
    "trace_scale": {
        "en": "red: makes it larger, blue: smaller; the strongest: {value}",
        "ko": "빨강: 값을 키움, 파랑: 값을 줄임; 가장 큰 영향: {value}",
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
    "win_more": {"en": "{count} more channels, together {value}", "ko": "채널 {count}개 더 있음, 모두 더해 {value}"},
    "win_padding": {"en": "in brackets: padding", "ko": "괄호 안: 패딩"},
    "win_padding_drawn": {"en": "grey: padding", "ko": "회색: 패딩"},
    "win_norm": {"en": "normalised: {formula} gives {value}", "ko": "정규화: {formula} 결과 {value}"},
    "win_total": {"en": "sum over the channels: {terms} gives {value}", "ko": "채널의 합: {terms} 결과 {value}"},
    "win_total_bias": {
        "en": "sum over the channels, and the bias: {terms} gives {value}",
        "ko": "채널의 합과 편향: {terms} 결과 {value}",
    },
    "win_after": {"en": "{name}: {value}", "ko": "{name}: {value}"},
    "win_value": {
        "en": "output pixel ({row}, {column}) of feature map {number}: {value}",
        "ko": "특성 맵 {number}의 출력 픽셀 ({row}, {column}): {value}",
    },
}
