using CsCheck;

namespace Ops.Profiles.Tests;

public class FitTests
{
    public static TheoryData<string, int> Known()
    {
        var data = new TheoryData<string, int>();
        foreach (var profile in ServingProfiles.All)
            data.Add(profile.Model, profile.GpuCount);
        return data;
    }

    [Theory]
    [MemberData(nameof(Known))]
    public void The_embedded_coefficients_are_what_the_fit_gives(string model, int gpus)
    {
        Assert.SkipWhen(MeasuredData.Path is null, MeasuredData.Missing);
        var profile = ServingProfiles.Get(model, GpuProduct.H100.Name, gpus);
        var points = MeasuredData.Points(profile);
        var decode = ProfileFit.Decode(points);
        var power = ProfileFit.Power(points);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{model} x{gpus}: {points.Count} rows, decode rms {decode.RmsResidual:P1} max {decode.MaxResidual:P1}, " +
            $"power rms {power.RmsResidual:P1} max {power.MaxResidual:P1}");

        Near(profile.Decode.BaseMs, decode.Curve.BaseMs);
        Near(profile.Decode.SlopeMs, decode.Curve.SlopeMs);
        Near(profile.Decode.BendMs, decode.Curve.BendMs);
        Near(profile.Decode.Knot, decode.Curve.Knot);
        Near(profile.Power.FloorWatts, power.Curve.FloorWatts);
        Near(profile.Power.RiseWatts, power.Curve.RiseWatts);
        Near(profile.Power.Half, power.Curve.Half);
        Near(profile.MeasuredFrom, points[0].Batch);
        Near(profile.MeasuredTo, points[^1].Batch);
        decode.MaxResidual.ShouldBeLessThan(0.10);
        power.MaxResidual.ShouldBeLessThan(0.10);
    }

    [Fact]
    public void A_fit_finds_the_curve_that_made_its_points() =>
        Gen.Select(Gen.Double[1, 30], Gen.Double[0.01, 0.5], Gen.Double[0, 0.3], Gen.Int[1, 5], Gen.Double[50, 2000], Gen.Double[10, 1000], Gen.Int[0, 100])
            .Sample((baseMs, slope, bend, knotIndex, floor, rise, halfIndex) =>
            {
                double[] batches = [8, 16, 32, 64, 96, 128, 256];
                var decode = new DecodeCurve(baseMs, slope, bend, batches[knotIndex]);
                var power = new PowerCurve(floor, rise, Math.Pow(10, halfIndex / 40.0));
                var points = batches.Select(b => new MeasuredPoint(b, decode.Seconds(b) * 1000, power.Watts(b))).ToList();

                var fittedDecode = ProfileFit.Decode(points);
                var fittedPower = ProfileFit.Power(points);

                fittedDecode.MaxResidual.ShouldBeLessThan(1e-6);
                fittedPower.MaxResidual.ShouldBeLessThan(1e-6);
            }, iter: 200);

    [Fact]
    public void Few_points_get_a_straight_line()
    {
        MeasuredPoint[] points = [new(8, 10, 400), new(16, 11, 450), new(32, 15, 500), new(64, 30, 520)];
        ProfileFit.Decode(points).Curve.BendMs.ShouldBe(0);
    }

    // The table keeps six significant digits.
    private static void Near(double embedded, double fitted) =>
        embedded.ShouldBe(fitted, Math.Max(1e-9, Math.Abs(fitted) * 1e-5));
}
