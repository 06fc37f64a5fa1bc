"""The words on contact sheets and on the page of a report; part of the one table in messages.py."""

REPORT: dict[str, dict[str, str]] = {
    # --- contact sheets ---
    "sheet_maps": {
        "en": "{count} feature maps of {height}x{width} (height x width), numbered from 0",
        "ko": "특성 맵 {count}개, 크기 {height}x{width} (높이 x 너비), 번호는 0부터",
    },
    "sheet_scaled": {
        "en": "each map scaled on its own: black is its minimum, white its maximum",
        "ko": "맵마다 따로 밝기를 맞춤: 검정이 그 맵의 최솟값, 하양이 최댓값",
    },
    "sheet_elided": {"en": "shown: the first {shown} of {count}", "ko": "{count}개 중 처음 {shown}개만 보임"},
    "sheet_dead": {
        "en": "crossed out: {count} dead for this image (zero everywhere)",
        "ko": "가위표: 이 이미지에서 죽은 맵 {count}개 (모든 값이 0)",
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
        "ko": "층 전체에 같은 색 기준: 빨강은 양수, 파랑은 음수, 하양은 0; 가장 큰 가중치의 크기: {value}",
    },
    "sheet_kernels_elided": {
        "en": "shown: the first {filters} filters and {channels} channels",
        "ko": "처음 필터 {filters}개와 채널 {channels}개만 보임",
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
        "ko": "죽은 필터도, 포화된 필터도, 서로 같은 필터도 없음",
    },
    "find_dead": {"en": "{layer}: filter {number} is dead", "ko": "{layer}: 필터 {number}은(는) 죽은 필터"},
    "find_saturated": {
        "en": "{layer}: filter {number} is saturated: {share} of its values are at or below {low}, or at or above {high} "
        "({activation})",
        "ko": "{layer}: 필터 {number}은(는) 포화됨: 값의 {share}가 {low} 이하이거나 {high} 이상 ({activation})",
    },
    "find_saturated_above": {
        "en": "{layer}: filter {number} is saturated: {share} of its values are cut off at {high} ({activation})",
        "ko": "{layer}: 필터 {number}은(는) 포화됨: 값의 {share}가 {high}에서 잘림 ({activation})",
    },
    "find_alike": {
        "en": "{layer}: filters {first} and {second} are alike (cosine {similarity})",
        "ko": "{layer}: 필터 {first}와(과) {second}은(는) 거의 같음 (코사인 유사도 {similarity})",
    },
}
