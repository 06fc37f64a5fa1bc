"""The words on contact sheets and on the page of a report; part of the one table in messages.py."""

REPORT: dict[str, dict[str, str]] = {
    # --- contact sheets ---
    "sheet_maps": {
        "en": "{count} feature maps of {height}x{width} (height x width), numbered from 0",
        "ko": "특성 맵 {count}개, 크기 {height}x{width} (높이 x 너비), 번호는 0부터",
    },
    "sheet_scaled": {
        "en": "each map scaled on its own: black is its minimum, white its maximum, grey a map of one value",
        "ko": "맵마다 밝기를 따로 맞춤: 검은색이 최솟값, 흰색이 최댓값, 회색은 모든 값이 같은 맵",
    },
    "sheet_elided": {"en": "shown: the first {shown} of {count}", "ko": "{count}개 중 처음 {shown}개만 그림"},
    "sheet_dead": {
        "en": "crossed out: {count} dead for this image (zero everywhere)",
        "ko": "가위표: 이 이미지에서 모든 값이 0인 죽은 맵 {count}개",
    },
    "sheet_range": {"en": "{number}: from {low} to {high}", "ko": "{number}: {low}부터 {high}까지"},
    "sheet_kernels": {
        "en": "{filters} filters (rows), each with a kernel of {size} for each of {channels} channels (columns), "
        "numbered from 0",
        "ko": "필터 {filters}개(행), 필터마다 채널 {channels}개(열)에 크기 {size} 커널이 하나씩, 번호는 0부터",
    },
    "sheet_kernels_one": {
        "en": "{filters} filters with one kernel of {size} each, numbered from 0",
        "ko": "필터 {filters}개, 필터마다 크기 {size} 커널 하나, 번호는 0부터",
    },
    "sheet_weights": {
        "en": "one scale for the whole layer: red above zero, blue below, white 0; the strongest weight: {value}",
        "ko": "층 전체에 같은 색 기준을 씀: 빨강은 양수, 파랑은 음수, 흰색은 0; 가장 큰 가중치의 크기: {value}",
    },
    "sheet_kernels_elided": {
        "en": "shown: the first {filters} filters and {channels} channels",
        "ko": "처음 필터 {filters}개와 채널 {channels}개만 그림",
    },
    "sheet_alike": {
        "en": "filters {first} and {second} are alike: cosine of their kernels {similarity}",
        "ko": "필터 {first}와(과) {second}은(는) 거의 같음: 커널의 코사인 유사도 {similarity}",
    },
    # --- what is conspicuous ---
    "find_how": {
        "en": "images: {count}; dead: zero everywhere in all of them; saturated: at least {share} of the values where the "
        "activation is flat; alike: cosine of the kernels at least {similarity}",
        "ko": "이미지 {count}장; 죽은 필터: 모든 이미지에서 값이 모두 0; 포화된 필터: 값의 {share} 이상이 활성화 함수가 "
        "평평한 곳에 있음; 중복 필터: 커널의 코사인 유사도가 {similarity} 이상",
    },
    "find_nothing": {
        "en": "no filter is dead, saturated or like another one",
        "ko": "죽은 필터, 포화된 필터, 서로 같은 필터가 없음",
    },
    "find_more": {"en": "{count} more", "ko": "{count}개 더"},
    "find_dead": {"en": "{layer}: dead filters: {numbers}", "ko": "{layer}: 죽은 필터: {numbers}"},
    "find_saturated": {
        "en": "{layer}: saturated filters, whose values are at or below {low} or at or above {high} ({activation}): {numbers}",
        "ko": "{layer}: 포화된 필터, 값이 {low} 이하이거나 {high} 이상 ({activation}): {numbers}",
    },
    "find_saturated_above": {
        "en": "{layer}: saturated filters, whose values are cut off at {high} ({activation}): {numbers}",
        "ko": "{layer}: 포화된 필터, 값이 {high}에서 잘림 ({activation}): {numbers}",
    },
    "find_alike": {
        "en": "{layer}: filters that are alike (cosine): {numbers}",
        "ko": "{layer}: 거의 같은 필터 (코사인 유사도): {numbers}",
    },
    # --- the page of a report ---
    "rep_title": {"en": "Report on {title}", "ko": "{title} 보고서"},
    "rep_language": {"en": "language", "ko": "언어"},
    "rep_image": {"en": "image", "ko": "이미지"},
    "rep_layers_count": {"en": "layers", "ko": "층"},
    "rep_parameters": {"en": "parameters", "ko": "파라미터"},
    "rep_trainable": {"en": "of these trained", "ko": "그중 학습되는 것"},
    "rep_macs": {"en": "MACs for one sample", "ko": "샘플 하나의 MAC"},
    "rep_bytes": {"en": "memory of the weights", "ko": "가중치가 차지하는 메모리"},
    "rep_step": {"en": "Window by window", "ko": "윈도우를 한 칸씩"},
    "rep_step_how": {
        "en": "Choose a layer, then click on its output or walk over it with the arrow keys; Page Up and Page Down change the "
        "filter. The numbers under the window are multiplied by the kernel and added up, here in the page. A number that "
        "another layer made leads there when it is clicked.",
        "ko": "층을 고르고 출력을 누르거나 방향키로 옮겨 다니세요. Page Up과 Page Down은 필터를 바꿉니다. 윈도우 아래의 수에 "
        "커널을 곱해 더하는 계산은 이 페이지 안에서 이루어집니다. 다른 층이 만든 수를 누르면 그 층으로 갑니다.",
    },
    "rep_step_which": {
        "en": "These layers can be walked through: convolutions (depthwise, separable, transposed and those of sequences too), "
        "pooling, batch normalization and dense layers. The arithmetic of all others stands below.",
        "ko": "따라갈 수 있는 층: 합성곱(깊이별, 분리, 전치, 시퀀스 합성곱 포함), 풀링, 배치 정규화, 완전 연결층. "
        "나머지 층의 계산식은 아래에 있습니다.",
    },
    "rep_not_stepped": {
        "en": "Too large for this page: {layers}.",
        "ko": "이 페이지에 담기에는 너무 큰 층: {layers}.",
    },
    "rep_step_none": {
        "en": "No image was given, so there are no numbers to walk through.",
        "ko": "이미지를 주지 않아 따라가 볼 값이 없습니다.",
    },
    "rep_no_stage": {
        "en": "This model has no layer that can be walked through.",
        "ko": "이 모델에는 따라갈 수 있는 층이 없습니다.",
    },
    "rep_layer": {"en": "layer", "ko": "층"},
    "rep_filter": {"en": "filter", "ko": "필터"},
    "rep_row": {"en": "row", "ko": "행"},
    "rep_column": {"en": "column", "ko": "열"},
    "rep_previous": {"en": "previous", "ko": "이전"},
    "rep_next": {"en": "next", "ko": "다음"},
    "rep_play": {"en": "play", "ko": "재생"},
    "rep_pause": {"en": "pause", "ko": "멈춤"},
    "rep_return": {"en": "back to {layer}", "ko": "돌아가기: {layer}"},
    "rep_source": {"en": "input of the layer, channel {number}", "ko": "층의 입력, 채널 {number}"},
    "rep_source_colours": {"en": "input of the layer, its 3 channels as colours", "ko": "층의 입력, 채널 3개를 색으로"},
    "rep_source_vector": {"en": "inputs of the layer: {count}", "ko": "층의 입력: {count}개"},
    "rep_result": {"en": "output, feature map {number} of {count}", "ko": "출력, 특성 맵 {number} (모두 {count}개)"},
    "rep_result_vector": {"en": "outputs of the layer: {count}", "ko": "층의 출력: {count}개"},
    "rep_result_how": {
        "en": "output of the layer: the arrow keys move the window",
        "ko": "층의 출력: 방향키로 윈도우를 옮김",
    },
    "rep_range": {"en": "black {low}, white {high}", "ko": "검정 {low}, 하양 {high}"},
    "rep_strongest": {
        "en": "the {shown} channels of {count} that count most here; the other {rest} together: {value}",
        "ko": "채널 {count}개 중 여기서 가장 크게 작용하는 {shown}개; 나머지 {rest}개를 더한 값: {value}",
    },
    "rep_large_window": {
        "en": "the window has {rows} rows and {columns} columns, too many to show their numbers",
        "ko": "윈도우가 행 {rows}개, 열 {columns}개로 너무 커서 수를 보이지 않음",
    },
    "rep_from": {"en": "made by {layer}: go there", "ko": "{layer}에서 만든 값: 그 층으로 가기"},
    "rep_drawing": {"en": "The model", "ko": "모델"},
    "rep_blocks": {"en": "sizes of what the layers give", "ko": "층마다 출력의 크기"},
    "rep_graph": {"en": "graph of the layers", "ko": "층의 그래프"},
    "rep_layer_by_layer": {"en": "Layer by layer", "ko": "층마다"},
    "rep_maps": {"en": "feature maps", "ko": "특성 맵"},
    "rep_same": {"en": "the same values as those of {layer}", "ko": "{layer}의 값과 같음"},
    "rep_values": {"en": "values", "ko": "값"},
    "rep_kernels": {"en": "kernels", "ko": "커널"},
    "rep_kernels_how": {
        "en": "{filters} filters, each with a kernel of {size} for each of {channels} channels, side by side, numbered from 0",
        "ko": "필터 {filters}개, 필터마다 채널 {channels}개에 크기 {size} 커널이 하나씩 나란히, 번호는 0부터",
    },
    "rep_more_maps": {"en": "show the other {count}", "ko": "나머지 {count}개 보기"},
    "rep_arithmetic": {"en": "arithmetic", "ko": "계산식"},
    "rep_go": {"en": "window by window", "ko": "윈도우를 한 칸씩"},
    "rep_curves": {"en": "Learning curves", "ko": "학습 곡선"},
    "rep_findings": {"en": "Filters that stand out", "ko": "눈에 띄는 필터"},
    "rep_dead": {"en": "dead", "ko": "죽음"},
    "rep_saturated": {"en": "saturated", "ko": "포화"},
    "rep_alike": {"en": "alike", "ko": "중복"},
    "rep_exact": {
        "en": "Numbers in this page: float32, as the engine computed them.",
        "ko": "이 페이지의 값은 엔진이 계산한 float32 값 그대로임.",
    },
    "rep_padding": {"en": "hatched: padding", "ko": "빗금: 패딩"},
    "rep_rounded": {
        "en": "Tables round to three digits; sums are those of the unrounded numbers, which appear when pointed at.",
        "ko": "표에는 세 자리로 반올림해 보이지만 합은 반올림하지 않은 수로 계산하며, 가리키면 그 수가 나타남.",
    },
    "rep_half": {
        "en": "Numbers in this page: float16, since they are many; sums may differ from the engine's in the third digit.",
        "ko": "이 페이지의 값은 양이 많아 float16으로 저장함; 합이 엔진의 값과 셋째 자리에서 다를 수 있음.",
    },
    "rep_fewer_images": {
        "en": "The page holds {shown} of {count} images; more would make it too large.",
        "ko": "이미지 {count}장 중 {shown}장만 담음; 더 담으면 페이지가 너무 커짐.",
    },
    "rep_left_out": {"en": "left out, since it is too large for this page", "ko": "이 페이지에 담기에는 너무 커서 뺌"},
    "rep_old_browser": {
        "en": "This browser cannot unpack the numbers of this page (it lacks DecompressionStream); the text is complete.",
        "ko": "이 브라우저는 페이지에 담긴 값을 풀 수 없습니다(DecompressionStream 없음). 글은 모두 읽을 수 있습니다.",
    },
    "rep_made": {
        "en": "Made by konv {version}. This is one file; it loads nothing from anywhere.",
        "ko": "konv {version}(으)로 만듦. 파일 하나로 되어 있으며 다른 곳에서 아무것도 불러오지 않음.",
    },
}
