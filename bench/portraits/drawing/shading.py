"""Light on every sample: a key light with soft shadows, sky and ground, a rim light, and each material's own way."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.portraits.drawing.compiled import compiled

Field = NDArray[np.float32]

BACKGROUND, SKIN, PLAIN_SKIN, EYE, CAVITY, TEETH, TONGUE, HAIR, CLOTH, FRAME, LASH, BEARD = range(12)


@compiled
def shade(
    material: NDArray[np.int32],
    depth: Field,
    samples: Field,
    scene: Field,
    skin: Field,
    relief: Field,
    cloth: Field,
    strand: Field,
    people: Field,
    lights: Field,
    lens: Field,
    head_up: Field,
    shadow: Field,
    light_axes: Field,
    picture: Field,
) -> None:
    """Fill `picture` (H, W, 3) with linear radiance.

    Args:
        material: (H, W) material of each sample.
        depth: (H, W) z in camera axes relative to the pivot's rest.
        samples: (H, W, 6) normal and the material's three values.
        scene: (H, W, 3) background.
        skin: (h, w, 4) skin colour and gloss.
        relief: (h, w) skin height.
        cloth: (h, w, 4) fabric colour and relief.
        strand: (h, w) strands in [0, 1] that tint hair.
        people: (4, 3) colours: plain skin, hair, iris, spectacle frame.
        lights: (6, 3) key direction (towards it), key colour, sky, ground, rim direction, rim colour.
        lens: (4,) focal length in samples, half size in samples, distance, eye's share of white.
        head_up: (2, 3) the head's up axis and the direction its hair falls.
        shadow: (h, h) depth along the key light.
        light_axes: (3, 4) rows that take a point to shadow column, row and depth.
        picture: (H, W, 3) result.
    """
    height, width = material.shape
    skin_h, skin_w = skin.shape[0], skin.shape[1]
    cloth_h, cloth_w = cloth.shape[0], cloth.shape[1]
    strand_h, strand_w = strand.shape
    shadow_size = shadow.shape[0]
    kx, ky, kz = lights[0, 0], lights[0, 1], lights[0, 2]
    for row in range(height):
        for column in range(width):
            kind = material[row, column]
            if kind == 0:
                for q in range(3):
                    picture[row, column, q] = scene[row, column, q]
                continue
            z = depth[row, column]
            far = z + lens[2]
            px = (column + 0.5 - lens[1]) * far / lens[0]
            py = (row + 0.5 - lens[1]) * far / lens[0]
            length = np.sqrt(px * px + py * py + far * far)
            vx, vy, vz = -px / length, -py / length, -far / length
            nx, ny, nz = samples[row, column, 0], samples[row, column, 1], samples[row, column, 2]
            size = np.sqrt(nx * nx + ny * ny + nz * nz) + 1e-9
            nx, ny, nz = nx / size, ny / size, nz / size
            inside = False
            if nx * vx + ny * vy + nz * vz < 0.0 and kind != EYE:
                nx, ny, nz = -nx, -ny, -nz
                inside = kind == SKIN
            u, v, w = samples[row, column, 3], samples[row, column, 4], samples[row, column, 5]
            if inside:  # the cheeks' inner side, seen through the open mouth
                kind, w = CAVITY, 0.15
            red, green, blue, gloss, rough, sky_part = people[0, 0], people[0, 1], people[0, 2], 0.35, 22.0, w
            soft = 0.0
            bump_x, bump_y = 0.0, 0.0
            if kind == SKIN:
                fx = min(max(u * (skin_w - 1), 0.0), skin_w - 2.001)
                fy = min(max(v * (skin_h - 1), 0.0), skin_h - 2.001)
                ix, iy = int(fx), int(fy)
                tx, ty = fx - ix, fy - iy
                wa, wb, wc, wd = (1 - tx) * (1 - ty), tx * (1 - ty), (1 - tx) * ty, tx * ty
                red = (
                    wa * skin[iy, ix, 0]
                    + wb * skin[iy, ix + 1, 0]
                    + wc * skin[iy + 1, ix, 0]
                    + wd * skin[iy + 1, ix + 1, 0]
                )
                green = (
                    wa * skin[iy, ix, 1]
                    + wb * skin[iy, ix + 1, 1]
                    + wc * skin[iy + 1, ix, 1]
                    + wd * skin[iy + 1, ix + 1, 1]
                )
                blue = (
                    wa * skin[iy, ix, 2]
                    + wb * skin[iy, ix + 1, 2]
                    + wc * skin[iy + 1, ix, 2]
                    + wd * skin[iy + 1, ix + 1, 2]
                )
                gloss = (
                    wa * skin[iy, ix, 3]
                    + wb * skin[iy, ix + 1, 3]
                    + wc * skin[iy + 1, ix, 3]
                    + wd * skin[iy + 1, ix + 1, 3]
                )
                bump_x = (relief[iy, ix + 1] - relief[iy, ix]) * 0.30
                bump_y = (relief[iy + 1, ix] - relief[iy, ix]) * 0.30
                soft = 1.0
            elif kind == PLAIN_SKIN:
                sx, sy = int(abs(u) * 900) % strand_w, int(abs(v) * 500) % strand_h
                grit = 0.965 + 0.07 * strand[sy, sx]
                red, green, blue = red * grit, green * grit, blue * grit
                gloss, soft = 0.28, 1.0
            elif kind == CAVITY:
                red, green, blue, gloss = 0.20, 0.055, 0.050, 0.1
            elif kind == TEETH:
                gap = abs(np.sin(u * 3.14159 * 14.0))
                tone = 0.80 * (0.55 + 0.45 * min(1.0, gap * 3.5))
                if v < 0.16:
                    red, green, blue = 0.42, 0.14, 0.13
                else:
                    red, green, blue = tone * 0.86, tone * 0.80, tone * 0.68
                gloss, rough = 0.5, 60.0
            elif kind == TONGUE:
                red, green, blue, gloss = 0.42, 0.13, 0.125, 0.45
            elif kind == EYE:
                angle = np.arccos(min(1.0, max(-1.0, -w)))
                turn = np.arctan2(u, v)
                if angle < 0.58:
                    streak = (
                        0.72
                        + 0.30 * np.sin(turn * 23.0 + 3.0 * np.sin(turn * 7.0)) * np.sin(angle * 26.0)
                        + 0.35 * angle
                    )
                    inner = 1.0 + 0.9 * max(0.0, 0.34 - angle) * 3.0
                    red, green, blue = (
                        people[2, 0] * streak * inner,
                        people[2, 1] * streak * inner,
                        people[2, 2] * streak,
                    )
                    rim = min(1.0, max(0.0, (angle - 0.44) / 0.08))
                    red, green, blue = red * (1 - 0.75 * rim), green * (1 - 0.75 * rim), blue * (1 - 0.72 * rim)
                    hole = min(1.0, max(0.0, (0.22 - angle) / 0.03 + 0.5))
                    red, green, blue = red * (1 - hole), green * (1 - hole), blue * (1 - hole)
                    white = min(1.0, max(0.0, (angle - 0.505) / 0.045))
                else:
                    white = 1.0
                vein = 0.5 + 0.5 * np.sin(turn * 9.0 + 14.0 * angle + 2.0 * np.sin(turn * 5.0))
                away = min(1.0, max(0.0, angle - 0.55))
                lid = min(1.0, max(0.4, 1.15 + 1.1 * v))
                wr, wg, wb_ = 0.68, 0.62 - 0.20 * away - 0.03 * vein, 0.59 - 0.22 * away - 0.03 * vein
                red = red * (1 - white) + wr * lens[3] * white
                green = green * (1 - white) + wg * lens[3] * white
                blue = blue * (1 - white) + wb_ * lens[3] * white
                red, green, blue = red * lid, green * lid, blue * lid
                sky_part, gloss, rough = 0.55, 0.0, 30.0
            elif kind in (HAIR, BEARD):
                sx, sy = int(abs(u) * strand_w) % strand_w, int(abs(v) * strand_h) % strand_h
                tint = 0.45 + 1.05 * strand[sy, sx]
                depth_tone = 0.55 + 0.45 * min(1.0, max(0.0, w))
                red = people[1, 0] * tint * depth_tone
                green = people[1, 1] * tint * depth_tone
                blue = people[1, 2] * tint * depth_tone
                sky_part = 0.85
            elif kind == CLOTH:
                ix, iy = int(u * (cloth_w - 1)) % cloth_w, int(v * (cloth_h - 1)) % cloth_h
                red, green, blue = cloth[iy, ix, 0], cloth[iy, ix, 1], cloth[iy, ix, 2]
                bump_x = (cloth[iy, min(ix + 1, cloth_w - 1), 3] - cloth[iy, ix, 3]) * 0.22
                bump_y = (cloth[min(iy + 1, cloth_h - 1), ix, 3] - cloth[iy, ix, 3]) * 0.22
                gloss, rough = 0.06, 8.0
            elif kind == FRAME:
                red, green, blue, gloss, rough, sky_part = people[3, 0], people[3, 1], people[3, 2], 1.4, 70.0, 1.0
            elif kind == LASH:
                red, green, blue, gloss, sky_part = 0.012, 0.009, 0.008, 0.0, 0.7
            # relief tilts the normal along the texture's axes, which follow the head's up axis
            if bump_x != 0.0 or bump_y != 0.0:
                ax = head_up[0, 1] * nz - head_up[0, 2] * ny
                ay = head_up[0, 2] * nx - head_up[0, 0] * nz
                az = head_up[0, 0] * ny - head_up[0, 1] * nx
                al = np.sqrt(ax * ax + ay * ay + az * az) + 1e-6
                ax, ay, az = ax / al, ay / al, az / al
                bx, by, bz = ny * az - nz * ay, nz * ax - nx * az, nx * ay - ny * ax
                nx, ny, nz = (
                    nx - bump_x * ax + bump_y * bx,
                    ny - bump_x * ay + bump_y * by,
                    nz - bump_x * az + bump_y * bz,
                )
                size = np.sqrt(nx * nx + ny * ny + nz * nz) + 1e-9
                nx, ny, nz = nx / size, ny / size, nz / size
            facing = nx * kx + ny * ky + nz * kz
            # shadow of the key light, sixteen taps; what faces far away from it gets none of it anyhow
            lit = 0.0
            sx_ = light_axes[0, 0] * px + light_axes[0, 1] * py + light_axes[0, 2] * z + light_axes[0, 3]
            sy_ = light_axes[1, 0] * px + light_axes[1, 1] * py + light_axes[1, 2] * z + light_axes[1, 3]
            sz_ = light_axes[2, 0] * px + light_axes[2, 1] * py + light_axes[2, 2] * z + light_axes[2, 3]
            slack = 0.055 if kind in (HAIR, BEARD) else 0.030
            turn_x = ((row * 7 + column * 13) % 8) / 8.0 - 0.5
            taps = 4 if facing > -0.4 or kind in (HAIR, BEARD) else 0
            for tap_y in range(taps):
                for tap_x in range(taps):
                    cx = int(sx_ + (tap_x - 1.5) * 2.1 + turn_x)
                    cy = int(sy_ + (tap_y - 1.5) * 2.1 - turn_x)
                    if cx < 0 or cy < 0 or cx >= shadow_size or cy >= shadow_size or sz_ - slack < shadow[cy, cx]:
                        lit += 0.0625
            if kind in (HAIR, BEARD):
                tx_, ty_, tz_ = head_up[1, 0], head_up[1, 1], head_up[1, 2]
                along = tx_ * nx + ty_ * ny + tz_ * nz
                tx_, ty_, tz_ = tx_ - along * nx, ty_ - along * ny, tz_ - along * nz
                tl = np.sqrt(tx_ * tx_ + ty_ * ty_ + tz_ * tz_) + 1e-6
                sway = 0.35 * (strand[sy, sx] - 0.5)
                tx_, ty_, tz_ = tx_ / tl + sway * nx, ty_ / tl + sway * ny, tz_ / tl + sway * nz
                hx, hy, hz = kx + vx, ky + vy, kz + vz
                hl = np.sqrt(hx * hx + hy * hy + hz * hz) + 1e-6
                th = (tx_ * hx + ty_ * hy + tz_ * hz) / hl
                tk = tx_ * kx + ty_ * ky + tz_ * kz
                shine = max(0.0, 1.0 - th * th) ** 28.0
                wrap = max(0.0, (facing + 0.35) / 1.35) * np.sqrt(max(0.0, 1.0 - tk * tk))
                up = 0.5 - 0.5 * ny
                rim = max(0.0, nx * lights[4, 0] + ny * lights[4, 1] + nz * lights[4, 2])
                rim *= (1.0 - max(0.0, nx * vx + ny * vy + nz * vz)) ** 1.5
                for q in range(3):
                    own = red if q == 0 else (green if q == 1 else blue)
                    ambient = lights[2, q] * up + lights[3, q] * (1 - up)
                    bright = own * 0.55 + (0.035 if kind == HAIR else 0.004)
                    picture[row, column, q] = (
                        own * (1.15 * wrap * lit * lights[1, q] + ambient * sky_part)
                        + bright * shine * lit * lights[1, q] * 0.55 * (0.3 + 0.7 * max(0.0, facing))
                        + (own + 0.05) * rim * lights[5, q] * 0.7
                    )
                continue
            hx, hy, hz = kx + vx, ky + vy, kz + vz
            hl = np.sqrt(hx * hx + hy * hy + hz * hz) + 1e-6
            nh = max(0.0, (nx * hx + ny * hy + nz * hz) / hl)
            nv = max(0.0, nx * vx + ny * vy + nz * vz)
            edge = (1.0 - nv) ** 4.0
            shine = gloss * (0.16 * nh**rough * (rough + 6) / 28.0 + 0.10 * nh ** (rough * 3.2) * (rough + 2) / 14.0)
            shine *= (0.5 + 1.8 * edge) * lit * max(0.0, min(1.0, facing * 4.0))
            up = 0.5 - 0.5 * ny
            rim = max(0.0, nx * lights[4, 0] + ny * lights[4, 1] + nz * lights[4, 2]) * (1.0 - nv) ** 2.0
            inner_mouth = kind in (CAVITY, TEETH, TONGUE)
            for q in range(3):
                own = red if q == 0 else (green if q == 1 else blue)
                wrap = soft * (0.30 if q == 0 else (0.13 if q == 1 else 0.08))
                diffuse = max(0.0, (facing + wrap) / (1.0 + wrap))
                bleed = lit ** (0.75 if q == 0 and soft > 0 else 1.0)
                ambient = lights[2, q] * up + lights[3, q] * (1 - up)
                if inner_mouth:
                    value = own * (diffuse * lit * lights[1, q] * w + ambient * w * 0.9)
                else:
                    occlude = sky_part + (1 - sky_part) * own * 0.35 if soft > 0 else sky_part
                    value = own * (diffuse * bleed * (0.45 + 0.55 * sky_part) * lights[1, q] + ambient * occlude)
                    value += own * rim * lights[5, q] * 0.6 + 0.05 * rim * lights[5, q]
                    value += ambient * edge * 0.10 * gloss * sky_part
                picture[row, column, q] = value + shine * lights[1, q]
            if kind == EYE:
                # a wet surface mirrors the key light as a soft window and the sky as a faint sheen
                mirror = 2.0 * (nx * vx + ny * vy + nz * vz)
                rx, ry, rz = mirror * nx - vx, mirror * ny - vy, mirror * nz - vz
                near = rx * kx + ry * ky + rz * kz
                spark = min(1.0, max(0.0, (near - 0.955) / 0.02))
                for q in range(3):
                    picture[row, column, q] = (
                        picture[row, column, q] + spark * lights[1, q] * 0.55 + 0.012 * lights[2, q]
                    )


@compiled
def shrink(picture: Field, exposure: float, noise: Field, result: NDArray[np.uint8]) -> None:
    """Average 2 × 2 samples of linear `picture` (2H, 2W, 3), expose, encode as sRGB, add `noise` (H, W), round."""
    height, width = result.shape[0], result.shape[1]
    for row in range(height):
        for column in range(width):
            for q in range(3):
                value = (
                    0.25
                    * exposure
                    * (
                        picture[2 * row, 2 * column, q]
                        + picture[2 * row, 2 * column + 1, q]
                        + picture[2 * row + 1, 2 * column, q]
                        + picture[2 * row + 1, 2 * column + 1, q]
                    )
                )
                value = max(0.0, value)
                if value > 0.6:
                    value = 0.6 + 0.4 * (1.0 - np.exp(-(value - 0.6) / 0.4))
                coded = 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
                level = 255.0 * coded + noise[row, column]
                result[row, column, q] = np.uint8(min(255.0, max(0.0, level + 0.5)))
