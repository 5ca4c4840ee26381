//! Multiplication of a point in every lane: by digits of its own (or shared) and by tables of a fixed base.
//!
//! Every row of a table is read whatever the digit is: a scan under masks for a point's own table, a permutation inside a
//! register for a fixed base. The number of doublings and additions is the same for every scalar.

use core::hint::black_box;

use super::{
    curve::{Affine, Cached, Extended, turned},
    digits::{DIGITS, Digit, Digits},
    field::{ABREAST, Constants, Field, Mask, Proof, mul},
    vector::{Job, Word},
};

/// The coordinates of a [`Cached`] in its order: of `1 P` to `8 P`.
type Multiples<F> = [[F; 8]; 4];

/// Makes the multiples.
struct MakeMultiples<'a, F: Field> {
    of: &'a Constants<F>,
    point: &'a Extended<F>,
}

impl<F: Field> Job<Proof<F>> for MakeMultiples<'_, F> {
    type Output = Multiples<F>;

    #[inline(always)]
    fn run(self, _: Proof<F>) -> Multiples<F> {
        let mut last = *self.point;
        let one = last.cached(self.of);
        let (mut multiples, mut to_double) = ([one; 8], [last; 4]);
        for at in 1..8 {
            // An even multiple is a doubling, which costs less than an addition.
            last = match to_double.get(at / 2) {
                Some(half) if at % 2 == 1 => half.doubled(),
                Some(_) | None => last.add(&one),
            }
            .extended();
            if let Some(place) = to_double.get_mut(at) {
                *place = last;
            }
            if let Some(multiple) = multiples.get_mut(at) {
                *multiple = last.cached(self.of);
            }
        }
        [
            multiples.map(|multiple| multiple.plus),
            multiples.map(|multiple| multiple.minus),
            multiples.map(|multiple| multiple.twice_z),
            multiples.map(|multiple| multiple.twice_dt),
        ]
    }
}

/// The element that each lane wants of eight, by reading all of them; `otherwise` if it wants none.
#[inline(always)]
fn scan<F: Field>(multiples: &[F; 8], wanted: &[Mask<F>; 8], otherwise: F) -> F {
    let mut chosen = otherwise;
    for (wanted, multiple) in wanted.iter().zip(multiples) {
        chosen = F::select(*wanted, *multiple, chosen);
    }
    chosen
}

/// A multiple that was looked up, negated where the digit is.
#[inline(always)]
fn signed<F: Field>([plus, minus, twice_z, twice_dt]: [F; 4], digit: &Digit<F::Word>) -> Cached<F> {
    let (plus, minus, twice_dt) = turned(digit.is_negative, plus, minus, twice_dt);
    Cached { plus, minus, twice_z, twice_dt }
}

/// The sum of the multiples that the highest digits name: what the run of doublings begins with.
struct Begin<'a, F: Field, const N: usize> {
    of: &'a Constants<F>,
    tables: &'a [Multiples<F>; N],
    digits: [&'a Digits; N],
}

impl<F: Field, const N: usize> Job<Proof<F>> for Begin<'_, F, N> {
    type Output = Extended<F>;

    #[inline(always)]
    fn run(self, proof: Proof<F>) -> Extended<F> {
        let mut sum = Extended::identity(self.of);
        for (multiples, digits) in self.tables.iter().zip(self.digits) {
            let digit: Digit<F::Word> = digits.at(proof, DIGITS - 1);
            let wanted = digit.wanted();
            let mut chosen = Cached::identity(self.of).coordinates();
            for (chosen, multiples) in chosen.iter_mut().zip(multiples) {
                *chosen = scan(multiples, &wanted, *chosen);
            }
            sum = sum.add(&signed(chosen, &digit)).extended();
        }
        sum
    }
}

/// A sum that is doubled four times, after the last of which an addition reads T.
struct Doubled<F> {
    sum: Extended<F>,
    factors_of_t: (F, F),
}

impl<F: Field> Doubled<F> {
    /// Doubles, and looks one coordinate up meanwhile: the loads fill what the multiplications leave free.
    #[inline(always)]
    fn beside<const N: usize>(
        self,
        coordinate: usize,
        chosen: &mut [[F; 4]; N],
        tables: &[Multiples<F>; N],
        wanted: &[[Mask<F>; 8]; N],
    ) -> Self {
        for ((chosen, multiples), wanted) in chosen.iter_mut().zip(tables).zip(wanted) {
            if let (Some(chosen), Some(multiples)) = (chosen.get_mut(coordinate), multiples.get(coordinate)) {
                *chosen = scan(multiples, wanted, *chosen);
            }
        }
        let doubled = self.sum.doubled();
        Self { sum: doubled.without_t(), factors_of_t: doubled.factors_of_t() }
    }

    #[inline(always)]
    fn extended(self) -> Extended<F> {
        Extended { t: mul(self.factors_of_t.0, self.factors_of_t.1), ..self.sum }
    }
}

/// `sum of scalars[n] * points[n]` in every lane, all under one run of doublings. Constant-time.
pub(super) struct Multiply<'a, F: Field, const N: usize> {
    pub(super) of: &'a Constants<F>,
    pub(super) points: [&'a Extended<F>; N],
    pub(super) digits: [&'a Digits; N],
}

impl<F: Field, const N: usize> Job<Proof<F>> for Multiply<'_, F, N> {
    type Output = Extended<F>;

    #[inline(always)]
    fn run(self, proof: Proof<F>) -> Extended<F> {
        let of = self.of;
        let mut tables = [[[of.zero; 8]; 4]; N];
        for (multiples, point) in tables.iter_mut().zip(self.points) {
            *multiples = F::Word::enter(proof, MakeMultiples { of, point });
        }
        let mut sum = F::Word::enter(proof, Begin { of, tables: &tables, digits: self.digits });
        let mut digits = [Digit::<F::Word>::load(proof, &[[0; 8]; 2]); N];
        let mut wanted = [digits[0].wanted(); N];
        for place in (0..DIGITS - 1).rev() {
            for ((digit, wanted), of_point) in digits.iter_mut().zip(&mut wanted).zip(self.digits) {
                *digit = of_point.at(proof, place);
                *wanted = digit.wanted();
            }
            let mut chosen = [Cached::identity(of).coordinates(); N];
            let mut doubled = Doubled { sum, factors_of_t: (of.zero, of.zero) };
            if F::FOUR_DOUBLINGS_FIT {
                doubled = doubled.beside(0, &mut chosen, &tables, &wanted);
                doubled = doubled.beside(1, &mut chosen, &tables, &wanted);
                doubled = doubled.beside(2, &mut chosen, &tables, &wanted);
                doubled = doubled.beside(3, &mut chosen, &tables, &wanted);
            } else {
                // Written out again if its length were known.
                for coordinate in 0..black_box(4) {
                    doubled = doubled.beside(coordinate, &mut chosen, &tables, &wanted);
                }
            }
            sum = doubled.extended();
            for ((chosen, digit), number) in chosen.into_iter().zip(&digits).zip(1..) {
                let added = sum.add(&signed(chosen, digit));
                sum = added.without_t();
                if number < N || place == 0 {
                    sum.t = added.t();
                }
            }
        }
        // A match point can be guessed back from low-entropy fields: what was made of it does not stay on the stack.
        for multiples in &mut tables {
            multiples.fill([of.zero; 8]);
        }
        black_box(&tables);
        sum
    }
}

/// Multiples of a fixed base that are kept for each digit: half the radix.
const KEPT: usize = 32;

/// A coordinate of the multiples kept for one digit, eight at a time.
type Kept<F> = [<F as Field>::Rows; KEPT / 8];

/// Multiples of a fixed base: for every digit, `1 .. 32` times `64^digit` times the base, as rows to pick from.
pub(super) struct Table<F: Field> {
    windows: Vec<[Kept<F>; 3]>,
}

impl<F: Field> Table<F> {
    /// Makes the table for `digits` digits of a point that is the same in every lane. About 0.3 ms; the base is public.
    #[inline(always)]
    pub(super) fn of(of: &Constants<F>, proof: Proof<F>, base: &Extended<F>, digits: usize) -> Self {
        let mut windows = Vec::with_capacity(digits + F::Word::LANES);
        let mut power = *base;
        while windows.len() < digits {
            // As many windows at once as there are lanes: lane i holds 64^i times the power.
            let mut powers = power;
            for lane in 0..F::Word::LANES {
                powers = only(proof, lane, &power, &powers);
                for _ in 0..6 {
                    power = power.doubled().extended();
                }
            }
            window(of, proof, &powers, &mut windows);
        }
        windows.truncate(digits);
        Self { windows }
    }
}

/// `sum + scalar * base` in every lane, for as many digits as the table has. Constant-time.
pub(super) struct MultiplyOnto<'a, F: Field> {
    pub(super) of: &'a Constants<F>,
    pub(super) table: &'a Table<F>,
    pub(super) sum: &'a Extended<F>,
    pub(super) digits: &'a Digits,
}

impl<F: Field> Job<Proof<F>> for MultiplyOnto<'_, F> {
    type Output = Extended<F>;

    #[inline(always)]
    fn run(self, proof: Proof<F>) -> Extended<F> {
        let (of, windows) = (self.of, &self.table.windows);
        let mut sum = *self.sum;
        for ([plus, minus, twice_dt], lanes) in windows.iter().zip(self.digits.lowest(windows.len())) {
            let digit = Digit::<F::Word>::load(proof, lanes);
            // Magnitudes 1 to 32 pick entries 0 to 31; magnitude 0 picks the last one and is masked.
            let index = digit.magnitude.add(digit.magnitude.like(31));
            let bits = [has_bit(index, 8), has_bit(index, 16)];
            let is_zero = digit.is(0);
            let plus = F::select(is_zero, of.one, pick::<F>(plus, index, bits));
            let minus = F::select(is_zero, of.one, pick::<F>(minus, index, bits));
            let twice_dt = F::select(is_zero, of.zero, pick::<F>(twice_dt, index, bits));
            let (plus, minus, twice_dt) = turned(digit.is_negative, plus, minus, twice_dt);
            sum = sum.add_affine(&Affine { plus, minus, twice_dt }).extended();
        }
        sum
    }
}

/// True in lanes whose index has that bit.
#[inline(always)]
fn has_bit<W: Word>(index: W, bit: u64) -> W::Mask {
    W::hide(index.and(index.like(bit)).equals(index.like(bit)))
}

/// The element at each lane's index modulo 32; the masks are its bits of 8 and of 16.
#[inline(always)]
fn pick<F: Field>([a, b, c, d]: &Kept<F>, index: F::Word, [high, upper]: [Mask<F>; 2]) -> F {
    F::select(upper, F::pick(c, d, index, high), F::pick(a, b, index, high))
}

/// `yes` in one lane, `no` in the others.
#[inline(always)]
fn only<F: Field>(proof: Proof<F>, lane: usize, yes: &Extended<F>, no: &Extended<F>) -> Extended<F> {
    let mut flags = [0; 8];
    if let Some(flag) = flags.get_mut(lane) {
        *flag = 1;
    }
    let flags = F::Word::load(proof, &flags);
    let mask = flags.equals(flags.like(1));
    Extended {
        x: F::select(mask, yes.x, no.x),
        y: F::select(mask, yes.y, no.y),
        z: F::select(mask, yes.z, no.z),
        t: F::select(mask, yes.t, no.t),
    }
}

/// The multiples of the point in each lane, with `Z = 1`: one window a lane.
#[inline(always)]
fn window<F: Field>(
    of: &Constants<F>,
    proof: Proof<F>,
    powers: &Extended<F>,
    windows: &mut Vec<[Kept<F>; 3]>,
) {
    // By window, coordinate, multiple.
    let mut entries = [[[[0; 32]; KEPT]; 3]; 8];
    let one = powers.cached(of);
    let mut last = *powers;
    for quarter in (0..KEPT).step_by(ABREAST) {
        let mut four = [one; ABREAST];
        for (multiple, number) in four.iter_mut().zip(quarter..) {
            if number > 0 {
                last = last.add(&one).extended();
            }
            *multiple = last.cached(of);
        }
        let mut inverses = [of.one; ABREAST];
        for (inverse, multiple) in inverses.iter_mut().zip(&four) {
            *inverse = multiple.twice_z;
        }
        // 2Z is never zero: the formulas are complete.
        let inverses = of.inverses(inverses);
        for ((multiple, half), number) in four.iter().zip(inverses).zip(quarter..) {
            let z_inv = half.sum(half);
            let values = [multiple.plus, multiple.minus, multiple.twice_dt];
            for (coordinate, value) in values.into_iter().enumerate() {
                for (window, bytes) in entries.iter_mut().zip(mul(value, z_inv).store()) {
                    let entry = window.get_mut(coordinate).and_then(|multiples| multiples.get_mut(number));
                    if let Some(entry) = entry {
                        *entry = bytes;
                    }
                }
            }
        }
    }
    for window in entries.iter().take(F::Word::LANES) {
        let mut kept = [[F::rows(proof, &[[0; 32]; 8]); KEPT / 8]; 3];
        for (kept, multiples) in kept.iter_mut().zip(window) {
            for (rows, eight) in kept.iter_mut().zip(multiples.as_chunks::<8>().0) {
                *rows = F::rows(proof, eight);
            }
        }
        windows.push(kept);
    }
}
