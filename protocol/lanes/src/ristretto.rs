//! ristretto255 on lanes: decode, encode, one-way map (RFC 9496 §4.3), and the encoding of doubles with one inversion.

use super::{
    curve::Extended,
    field::{ABREAST, Constants, Field, Mask, Proof, is_negative, is_zero, mul, square},
    vector::{Job, Word},
};

/// RFC 9496 §4.3.1 from step 2, four groups abreast. `s` is canonical and not negative. The mask is set where `s` encodes a
/// point; elsewhere the point means nothing.
pub(super) fn decode<F: Field>(
    of: &Constants<F>,
    s: &[F; ABREAST],
) -> ([Mask<F>; ABREAST], [Extended<F>; ABREAST]) {
    F::Word::enter(of.proof, Decode { of, s })
}

#[inline(always)]
fn decode_inline<F: Field>(
    of: &Constants<F>,
    s: &[F; ABREAST],
) -> ([Mask<F>; ABREAST], [Extended<F>; ABREAST]) {
    let (mut u1, mut u2, mut v, mut v_u2_sqr) = (*s, *s, *s, *s);
    for ((((s, u1), u2), v), v_u2_sqr) in s.iter().zip(&mut u1).zip(&mut u2).zip(&mut v).zip(&mut v_u2_sqr) {
        let ss = square(*s);
        *u1 = of.one.difference(ss);
        *u2 = of.one.sum(ss);
        let u2_sqr = square(*u2);
        *v = of.negated(mul(of.d, square(*u1))).difference(u2_sqr);
        *v_u2_sqr = mul(*v, u2_sqr);
    }
    let (mut valid, invsqrt) = of.sqrt_ratio(&[of.one; ABREAST], &v_u2_sqr);
    let mut points = [Extended::identity(of); ABREAST];
    for ((((((point, valid), invsqrt), s), u1), u2), v) in
        points.iter_mut().zip(&mut valid).zip(invsqrt).zip(s).zip(u1).zip(u2).zip(v)
    {
        let den_x = mul(invsqrt, u2);
        let den_y = mul(mul(invsqrt, den_x), v);
        point.x = of.absolute(mul(s.sum(*s), den_x));
        point.y = mul(u1, den_y);
        point.t = mul(point.x, point.y);
        let bad = F::Word::either(is_negative(point.t), is_zero(point.y));
        *valid = F::Word::both(*valid, F::Word::not(bad));
    }
    (valid, points)
}

/// RFC 9496 §4.3.2, four groups abreast.
pub(super) fn encode<F: Field>(of: &Constants<F>, points: &[Extended<F>; ABREAST]) -> [F; ABREAST] {
    F::Word::enter(of.proof, EncodeAll { of, points })
}

#[inline(always)]
fn encode_inline<F: Field>(of: &Constants<F>, points: &[Extended<F>; ABREAST]) -> [F; ABREAST] {
    let (mut u1, mut u2, mut u1_u2_sqr) = ([of.zero; ABREAST], [of.zero; ABREAST], [of.zero; ABREAST]);
    for (((point, u1), u2), u1_u2_sqr) in points.iter().zip(&mut u1).zip(&mut u2).zip(&mut u1_u2_sqr) {
        *u1 = mul(point.z.sum(point.y), point.z.difference(point.y));
        *u2 = mul(point.x, point.y);
        *u1_u2_sqr = mul(*u1, square(*u2));
    }
    let (_, mut invsqrt) = of.sqrt_ratio(&[of.one; ABREAST], &u1_u2_sqr);
    for (((point, s), u1), u2) in points.iter().zip(&mut invsqrt).zip(u1).zip(u2) {
        let den1 = mul(*s, u1);
        let den2 = mul(*s, u2);
        let z_inv = mul(mul(den1, den2), point.t);
        let rotate = is_negative(mul(point.t, z_inv));
        let x = F::select(rotate, mul(point.y, of.sqrt_m1), point.x);
        let y = F::select(rotate, mul(point.x, of.sqrt_m1), point.y);
        let den_inv = F::select(rotate, mul(den1, of.invsqrt_a_minus_d), den2);
        let y = of.negated_where(is_negative(mul(x, z_inv)), y);
        *s = of.absolute(mul(den_inv, point.z.difference(y)));
    }
    invsqrt
}

/// RFC 9496 §4.3.4 MAP, four groups abreast, on field elements below 2^255.
pub(super) fn map<F: Field>(of: &Constants<F>, t: &[F; ABREAST]) -> [Extended<F>; ABREAST] {
    F::Word::enter(of.proof, Map { of, t })
}

#[inline(always)]
fn map_inline<F: Field>(of: &Constants<F>, t: &[F; ABREAST]) -> [Extended<F>; ABREAST] {
    let (mut r, mut u, mut v) = (*t, *t, *t);
    for (((t, r), u), v) in t.iter().zip(&mut r).zip(&mut u).zip(&mut v) {
        *r = mul(of.sqrt_m1, square(*t));
        *u = mul(r.sum(of.one), of.one_minus_d_sq);
        let minus_one = of.negated(of.one);
        *v = mul(minus_one.difference(mul(*r, of.d)), r.sum(of.d));
    }
    let (was_square, root) = of.sqrt_ratio(&u, &v);
    let mut points = [Extended::identity(of); ABREAST];
    for (((((point, t), r), v), was_square), root) in
        points.iter_mut().zip(t).zip(r).zip(v).zip(was_square).zip(root)
    {
        let other = of.negated(of.absolute(mul(root, *t)));
        let s = F::select(was_square, root, other);
        let c = F::select(was_square, of.negated(of.one), r);
        let n = mul(mul(c, r.difference(of.one)), of.d_minus_one_sq).difference(v);
        let w0 = mul(s.sum(s), v);
        let w1 = mul(n, of.sqrt_ad_minus_one);
        let ss = square(s);
        let (w2, w3) = (of.one.difference(ss), of.one.sum(ss));
        *point = Extended { x: mul(w0, w3), y: mul(w2, w1), z: mul(w1, w3), t: mul(w0, w2) };
    }
    points
}

/// What the encoding of a double needs of its half (the dual isogeny's image before its one inversion).
#[derive(Clone, Copy)]
struct Halves<F> {
    e: F,
    f: F,
    g: F,
    h: F,
    eg: F,
    fh: F,
}

impl<F: Field> Halves<F> {
    #[inline(always)]
    fn of(of: &Constants<F>, point: &Extended<F>) -> Self {
        let xx_yy = F::wide_sum(point.y.square_wide(), point.x.square_wide());
        let zz = square(point.z);
        let dtt = mul(square(point.t), of.d);
        let e = mul(point.x, point.y.sum(point.y));
        let (f, g, h) = (zz.sum(dtt), F::carried(xx_yy), zz.difference(dtt));
        Self { e, f, g, h, eg: mul(e, g), fh: mul(f, h) }
    }

    /// The encoding of the double; `inverse` is that of [`product`](Self::product), or anything where it is zero.
    #[inline(always)]
    fn encoded(&self, of: &Constants<F>, inverse: F) -> F {
        let z_inv = mul(self.eg, inverse);
        let t_inv = mul(self.fh, inverse);
        let rotate = is_negative(mul(self.eg, z_inv));
        let e = F::select(rotate, self.g, self.e);
        let g = F::select(rotate, of.negated(self.e), self.g);
        let h = F::select(rotate, mul(self.f, of.sqrt_m1), self.h);
        let magic = F::select(rotate, of.sqrt_m1, of.invsqrt_a_minus_d);
        let g = of.negated_where(is_negative(mul(mul(h, e), z_inv)), g);
        of.absolute(mul(h.difference(g), mul(magic, mul(g, t_inv))))
    }

    #[inline(always)]
    fn product(&self) -> F {
        mul(self.eg, self.fh)
    }
}

/// Encodes the doubles of all groups with one inversion a lane and strand (Montgomery): four strands go abreast.
///
/// A product is zero for the double of a 4-torsion point, whose encoding is all zero: there one stands in for it, so that
/// the others of the strand are not spoilt.
pub(super) fn encode_doubles<F: Field>(of: &Constants<F>, points: &[Extended<F>], encoded: &mut Vec<F>) {
    F::Word::enter(of.proof, EncodeDoubles { of, points, encoded });
}

#[inline(always)]
fn encode_doubles_inline<F: Field>(of: &Constants<F>, points: &[Extended<F>], encoded: &mut Vec<F>) {
    let mut halves = Vec::with_capacity(points.len());
    for point in points {
        halves.push(Halves::of(of, point));
    }
    encoded.clear();
    let mut strands = [of.one; ABREAST];
    for group in halves.chunks(ABREAST) {
        for (strand, half) in strands.iter_mut().zip(group) {
            // The product of everything before this one, until the way back.
            encoded.push(*strand);
            *strand = mul(*strand, or_one(of, half.product()).1);
        }
    }
    let mut strands = of.inverses(strands);
    for (group, before) in halves.chunks(ABREAST).zip(encoded.chunks_mut(ABREAST)).rev() {
        for ((strand, half), before) in strands.iter_mut().zip(group).zip(before) {
            let (was_zero, product) = or_one(of, half.product());
            let code = half.encoded(of, mul(*strand, *before));
            *before = F::select(was_zero, of.zero, code);
            *strand = mul(*strand, product);
        }
    }
}

#[inline(always)]
fn or_one<F: Field>(of: &Constants<F>, product: F) -> (Mask<F>, F) {
    let was_zero = is_zero(product);
    (was_zero, F::select(was_zero, of.one, product))
}

/// Makes each operation a function of its own, compiled for the instructions.
macro_rules! job {
    ($name:ident { $($field:ident: $type:ty),* } -> $output:ty, $run:ident) => {
        struct $name<'a, F: Field> {
            of: &'a Constants<F>,
            $($field: $type,)*
        }

        impl<'a, F: Field> Job<Proof<F>> for $name<'a, F> {
            type Output = $output;

            #[inline(always)]
            fn run(self, _: Proof<F>) -> $output {
                $run(self.of, $(self.$field),*)
            }
        }
    };
}

job!(Decode { s: &'a [F; ABREAST] } -> ([Mask<F>; ABREAST], [Extended<F>; ABREAST]), decode_inline);
job!(EncodeAll { points: &'a [Extended<F>; ABREAST] } -> [F; ABREAST], encode_inline);
job!(Map { t: &'a [F; ABREAST] } -> [Extended<F>; ABREAST], map_inline);
job!(EncodeDoubles { points: &'a [Extended<F>], encoded: &'a mut Vec<F> } -> (), encode_doubles_inline);
