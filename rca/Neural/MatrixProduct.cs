using System.Numerics;
using System.Runtime.CompilerServices;

namespace Ops.Neural;

/// <summary>
/// Matrix products on one core. A tile of the result, four rows by two vectors, stays in registers while the inner
/// dimension runs; each element is summed in the order of that dimension whatever the vector width, so results do not
/// depend on the machine's vectors.
/// </summary>
public static class MatrixProduct
{
    private const int TileRows = 4;

    /// <summary>result += left times right.</summary>
    public static void Add(Matrix left, Matrix right, Matrix result)
    {
        Check(left.Columns == right.Rows && result.Rows == left.Rows && result.Columns == right.Columns);
        Run(left.Data, left.Columns, 1, right.Data, result.Data, left.Rows, left.Columns, right.Columns);
    }

    /// <summary>result += transposed left times right.</summary>
    public static void AddTransposed(Matrix left, Matrix right, Matrix result)
    {
        Check(left.Rows == right.Rows && result.Rows == left.Columns && result.Columns == right.Columns);
        Run(left.Data, 1, left.Columns, right.Data, result.Data, left.Columns, left.Rows, right.Columns);
    }

    /// <summary>Writes the transposed source.</summary>
    public static void Transpose(Matrix source, Matrix result)
    {
        Check(source.Rows == result.Columns && source.Columns == result.Rows);
        for (var row = 0; row < source.Rows; row++)
            for (var column = 0; column < source.Columns; column++)
                result.Data[(column * source.Rows) + row] = source.Data[(row * source.Columns) + column];
    }

    private static void Check(bool shapesFit)
    {
        if (!shapesFit)
            throw new ArgumentException("The shapes of the matrices do not fit.", nameof(shapesFit));
    }

    // left[i, k] lies at i * leftRow + k * leftColumn, so that one kernel serves the plain and the transposed product.
    private static void Run(float[] left, int leftRow, int leftColumn, float[] right, float[] result, int rows, int inner, int columns)
    {
        var row = 0;
        for (; row + TileRows <= rows; row += TileRows)
        {
            var column = 0;
            for (; column + (2 * Vector<float>.Count) <= columns; column += 2 * Vector<float>.Count)
                Tile(ref left[row * leftRow], leftRow, leftColumn, ref right[column], ref result[(row * columns) + column], inner, columns);
            for (var r = row; r < row + TileRows; r++)
                Strip(left, r * leftRow, leftColumn, right, result, r, column, inner, columns);
        }

        for (; row < rows; row++)
            Strip(left, row * leftRow, leftColumn, right, result, row, 0, inner, columns);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile(ref float left, int leftRow, int leftColumn, ref float right, ref float result, int inner, int columns)
    {
        var width = Vector<float>.Count;
        Vector<float> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
        for (var k = 0; k < inner; k++)
        {
            ref var from = ref Unsafe.Add(ref left, k * leftColumn);
            ref var across = ref Unsafe.Add(ref right, k * columns);
            var first = Vector.LoadUnsafe(ref across);
            var second = Vector.LoadUnsafe(ref across, (nuint)width);
            var value = new Vector<float>(from);
            a0 = Vector.FusedMultiplyAdd(value, first, a0);
            a1 = Vector.FusedMultiplyAdd(value, second, a1);
            value = new Vector<float>(Unsafe.Add(ref from, leftRow));
            b0 = Vector.FusedMultiplyAdd(value, first, b0);
            b1 = Vector.FusedMultiplyAdd(value, second, b1);
            value = new Vector<float>(Unsafe.Add(ref from, 2 * leftRow));
            c0 = Vector.FusedMultiplyAdd(value, first, c0);
            c1 = Vector.FusedMultiplyAdd(value, second, c1);
            value = new Vector<float>(Unsafe.Add(ref from, 3 * leftRow));
            d0 = Vector.FusedMultiplyAdd(value, first, d0);
            d1 = Vector.FusedMultiplyAdd(value, second, d1);
        }

        Store(ref result, a0, a1);
        Store(ref Unsafe.Add(ref result, columns), b0, b1);
        Store(ref Unsafe.Add(ref result, 2 * columns), c0, c1);
        Store(ref Unsafe.Add(ref result, 3 * columns), d0, d1);
    }

    private static void Store(ref float result, Vector<float> first, Vector<float> second)
    {
        (Vector.LoadUnsafe(ref result) + first).StoreUnsafe(ref result);
        (Vector.LoadUnsafe(ref result, (nuint)Vector<float>.Count) + second).StoreUnsafe(ref result, (nuint)Vector<float>.Count);
    }

    // What does not fill a tile: one row, from a column on.
    private static void Strip(float[] left, int leftStart, int leftColumn, float[] right, float[] result, int row, int column, int inner, int columns)
    {
        var width = Vector<float>.Count;
        for (; column + width <= columns; column += width)
        {
            Vector<float> sum = default;
            for (var k = 0; k < inner; k++)
                sum = Vector.FusedMultiplyAdd(new Vector<float>(left[leftStart + (k * leftColumn)]), Vector.LoadUnsafe(ref right[(k * columns) + column]), sum);
            var target = result.AsSpan((row * columns) + column, width);
            (new Vector<float>(target) + sum).CopyTo(target);
        }

        for (; column < columns; column++)
        {
            var sum = 0f;
            for (var k = 0; k < inner; k++)
                sum = MathF.FusedMultiplyAdd(left[leftStart + (k * leftColumn)], right[(k * columns) + column], sum);
            result[(row * columns) + column] += sum;
        }
    }
}
